public import Files
import Foundation
package import Glibc

/// Writes checkpoints on a thread of its own while training goes on.
///
/// One job at a time: `submit` waits for the job before. A job's error is thrown by the next `submit` or `finish`, once.
/// A job that is still waiting or running when the process ends is lost, but leaves no half-written file: call `finish`.
/// Jobs must not submit jobs. The thread takes no signals, so that these reach the threads that expect them.
public final class BackgroundWriter: Sendable {
    private let desk = Desk()
    /// Why there is no thread, in the system's words: then each job is done within `submit`. Nil where there is one.
    public let lackOfThread: String?

    /// Starts the thread, which sleeps until there is a job.
    public convenience init() { self.init(create: pthread_create) }

    /// The same with another function that creates threads.
    package init(create: ThreadCreation) {
        let code = Self.start(desk, create)
        lackOfThread = code == 0 ? nil : String(cString: strerror(code))
    }

    deinit { desk.close() }

    /// As `pthread_create`.
    package typealias ThreadCreation = (
        UnsafeMutablePointer<pthread_t>, UnsafePointer<pthread_attr_t>?,
        @escaping @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
    ) -> Int32

    /// Starts a thread that works at the desk; returns an errno where the system gives none.
    private static func start(_ desk: Desk, _ create: ThreadCreation) -> Int32 {
        let context = Unmanaged.passRetained(desk)
        var thread = pthread_t()
        let code = create(
            &thread, nil,
            { context in
                BackgroundWriter.blockSignals()
                Thread.current.name = "checkpoints"
                Unmanaged<Desk>.fromOpaque(context!).takeRetainedValue().work()
                return nil
            }, context.toOpaque())
        if code == 0 {
            pthread_detach(thread)
        } else {
            context.release()
        }
        return code
    }

    /// Hands over a job, after the one before has ended.
    ///
    /// Throws the error of the job before; this job is then not taken, and may be submitted again. `whileWaiting` is called now and then.
    public func submit(
        whileWaiting: () -> Void = {}, _ job: @escaping @Sendable () throws(FileError) -> Void
    ) throws(FileError) {
        try desk.reserve(whileWaiting)
        start(job)
    }

    /// Lets the thread do the job, or does it where there is none.
    private func start(_ job: @escaping @Sendable () throws(FileError) -> Void) {
        if lackOfThread == nil { desk.start(job) } else { desk.do(job) }
    }

    /// Copies a checkpoint's arrays and hands over a job that gets the copy: the originals may change at once.
    ///
    /// The copy's memory is used again for the next. Throws as the other.
    public func submit(
        copying checkpoint: Checkpoint, whileWaiting: () -> Void = {},
        for job: @escaping @Sendable (Checkpoint) throws(FileError) -> Void
    ) throws(FileError) {
        try desk.reserve(whileWaiting)
        let snapshot = desk.snapshot
        snapshot.copy(checkpoint)
        start { () throws(FileError) in try job(snapshot.checkpoint) }
    }

    /// Waits until the last job has ended, and throws its error if that was not reported yet.
    public func finish(whileWaiting: () -> Void = {}) throws(FileError) {
        try desk.reserve(whileWaiting)
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
    func reserve(_ whileWaiting: () -> Void) throws(FileError) {
        let failure = condition.withLock {
            while !stateIsIdle {
                if !condition.wait(until: Date(timeIntervalSinceNow: 0.05)) { whileWaiting() }
            }
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

    /// Does the job in the caller's thread. The desk must be reserved.
    func `do`(_ job: Job) {
        var failure: FileError?
        do throws(FileError) {
            try job()
        } catch {
            failure = error
        }
        end(failure)
    }

    /// Lets the thread end after the job that is under way.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }

    /// The thread's life.
    func work() {
        while let job = nextJob() { self.do(job) }
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
