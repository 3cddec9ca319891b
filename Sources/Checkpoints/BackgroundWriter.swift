public import Files
import Foundation
import Glibc

/// Writes checkpoints on a thread of its own while training goes on.
///
/// One job at a time: `submit` waits for the job before. A job's error is thrown by the next `submit` or `finish`, once.
/// A job that is still waiting or running when the process ends is lost, but leaves no half-written file: call `finish`.
/// Jobs must not submit jobs. The thread takes no signals, so that these reach the threads that expect them.
public final class BackgroundWriter: Sendable {
    private let desk = Desk()

    /// Starts the thread, which sleeps until there is a job.
    public init() {
        let thread = Thread { [desk] in
            Self.blockSignals()
            desk.work()
        }
        thread.name = "checkpoints"
        thread.start()
    }

    deinit { desk.close() }

    /// Hands over a job, after the one before has ended.
    ///
    /// Throws the error of the job before; this job is then not taken, and may be submitted again.
    public func submit(_ job: @escaping @Sendable () throws(FileError) -> Void) throws(FileError) {
        try desk.reserve()
        desk.start(job)
    }

    /// Copies a checkpoint's arrays and hands over a job that gets the copy: the originals may change at once.
    ///
    /// The copy's memory is used again for the next. Throws as the other.
    public func submit(
        copying checkpoint: Checkpoint, for job: @escaping @Sendable (Checkpoint) throws(FileError) -> Void
    ) throws(FileError) {
        try desk.reserve()
        let snapshot = desk.snapshot
        snapshot.copy(checkpoint)
        desk.start { () throws(FileError) in try job(snapshot.checkpoint) }
    }

    /// Waits until the last job has ended, and throws its error if that was not reported yet.
    public func finish() throws(FileError) {
        try desk.reserve()
        desk.release()
    }

    /// Whether a job would be started at once.
    public var isIdle: Bool { desk.isIdle }

    private static func blockSignals() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, nil)
    }
}

/// Where a job passes from the trainer's thread to the writer's.
///
/// All mutable state is touched under the condition's lock; the snapshot only by whoever has reserved the desk, and then
/// by the job that it started.
private final class Desk: @unchecked Sendable {
    typealias Job = @Sendable () throws(FileError) -> Void

    private enum State {
        case idle
        case reserved
        case waiting(Job)
        case running
    }

    let snapshot = CheckpointSnapshot()
    private let condition = NSCondition()
    private var state = State.idle
    private var failure: FileError?
    private var isClosed = false

    var isIdle: Bool { condition.withLock { stateIsIdle } }

    private var stateIsIdle: Bool { if case .idle = state { true } else { false } }

    /// Waits until no job is under way and takes the desk; throws, without taking it, what the last job threw.
    func reserve() throws(FileError) {
        let failure = condition.withLock {
            while !stateIsIdle { condition.wait() }
            let failure = self.failure
            self.failure = nil
            if failure == nil { state = .reserved }
            return failure
        }
        if let failure { throw failure }
    }

    /// Gives the desk back unused.
    func release() { change(to: .idle) }

    /// Lets the thread do the job. The desk must be reserved.
    func start(_ job: @escaping Job) { change(to: .waiting(job)) }

    /// Lets the thread end after the job that is under way.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }

    /// The thread's life.
    func work() {
        while let job = nextJob() {
            var failure: FileError?
            do throws(FileError) {
                try job()
            } catch {
                failure = error
            }
            end(failure)
        }
    }

    private func nextJob() -> Job? {
        condition.withLock {
            while true {
                if case .waiting(let job) = state {
                    state = .running
                    return job
                }
                if isClosed { return nil }
                condition.wait()
            }
        }
    }

    private func end(_ failure: FileError?) {
        condition.withLock {
            self.failure = failure
            state = .idle
            condition.broadcast()
        }
    }

    private func change(to state: State) {
        condition.withLock {
            self.state = state
            condition.broadcast()
        }
    }
}
