import Failures
public import Files
import Foundation
package import Glibc

/// Writes checkpoints on a separate thread while training continues.
///
/// It runs one job at a time: `submit` waits for the previous job. The next `submit` or `finish` throws a job's error, once. A job that is
/// unfinished when the process ends is lost, but leaves no incomplete file; call `finish` to wait for it. A job must not submit jobs. The
/// thread blocks all signals, so that the main thread receives them.
public final class BackgroundWriter: Sendable {
    private let desk = Desk()
    /// Why there is no thread, as the system's text; each job then runs inside `submit`. Nil if there is a thread.
    public let lackOfThread: String?

    /// Starts the thread, which sleeps until there is a job.
    public convenience init() { self.init(create: pthread_create) }

    /// Starts the thread with another function in place of `pthread_create`.
    package init(create: ThreadCreation) {
        let code = Self.start(desk, create)
        lackOfThread = code == 0 ? nil : String(cString: strerror(code))
    }

    deinit { desk.close() }

    /// The type of `pthread_create`.
    package typealias ThreadCreation = (
        UnsafeMutablePointer<pthread_t>, UnsafePointer<pthread_attr_t>?,
        @escaping @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
    ) -> Int32

    /// Starts a thread that runs the jobs of the desk. Returns an errno if the system refuses.
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

    /// Submits a job after the previous job has ended.
    ///
    /// Throws the error of the previous job. The new job is then not accepted, and may be submitted again.
    public func submit(_ job: @escaping @Sendable () throws(FileError) -> Void) throws(FileError) {
        try desk.reserve()
        start(job)
    }

    /// Passes the job to the thread, or runs it if there is no thread.
    private func start(_ job: @escaping @Sendable () throws(FileError) -> Void) {
        if lackOfThread == nil { desk.start(job) } else { desk.do(job) }
    }

    /// Copies a checkpoint's arrays and submits a job that receives the copy. The originals may change after it returns.
    ///
    /// Later calls reuse the memory of the copy. Throws the errors of the other `submit`, and `MemoryError` if there is no memory for the copy;
    /// the new job is then not accepted.
    public func submit(
        copying checkpoint: Checkpoint, for job: @escaping @Sendable (Checkpoint) throws(FileError) -> Void
    ) throws {
        try desk.reserve()
        let snapshot = desk.snapshot
        do throws(MemoryError) {
            try snapshot.copy(checkpoint)
        } catch {
            desk.release()
            throw error
        }
        start { () throws(FileError) in try job(snapshot.checkpoint) }
    }

    /// Waits until the last job has ended. Throws its error unless it was already thrown.
    public func finish() throws(FileError) {
        try desk.reserve()
        desk.release()
    }

    /// Whether a job would start at once.
    public var isIdle: Bool { desk.isIdle }

    private static func blockSignals() {
        var all = sigset_t()
        sigfillset(&all)
        sigdelset(&all, SIGBUS)  // a fault of this thread
        pthread_sigmask(SIG_SETMASK, &all, nil)
    }
}

/// The hand-over of jobs from the trainer's thread to the writer's thread.
///
/// The lock of the condition protects all mutable state. The snapshot belongs to the thread that has reserved the desk, and then to the
/// job.
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

    /// Waits until no job is running, and reserves the desk. Throws the error of the last job instead, without a reservation.
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

    /// Releases the reservation without a job.
    func release() { change(to: .idle) }

    /// Passes the job to the thread. Requires a reservation.
    func start(_ job: @escaping Job) { change(to: .waiting(job)) }

    /// Runs the job in the caller's thread. Requires a reservation.
    func `do`(_ job: Job) {
        var failure: FileError?
        do throws(FileError) {
            try job()
        } catch {
            failure = error
        }
        end(failure)
    }

    /// Lets the thread exit after the current job.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }

    /// The loop of the thread.
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
