import Communication
import Glibc

/// The time at which a job must have saved and ended, and whether there is room for more steps before it.
///
/// Rank 0's clock alone counts. What a checkpoint, a step and a validation take is what they took so far, at their slowest.
struct Deadline {
    /// Nanoseconds of the monotonic clock; nil where there is none.
    private let end: Int64?
    /// What ends the job then.
    let reason: StopReason
    private var lastStepEnd: Int64?
    private var slowestStep: Int64 = 0
    private var slowestValidation: Int64 = 0

    /// Time for everything else that ends a job.
    private static let reserve: Int64 = 1_000_000_000
    /// Bytes a second at which a checkpoint is written at least, before one was.
    private static let slowestDisk = 50e6

    /// The earlier one of `limit`, where 0 is none, from the start of this process and of the end of a job under SLURM.
    init(limit: TimeSpan?) {
        let own = limit.flatMap { $0.seconds > 0 ? MonotonicClock.processStart + Int64($0.seconds * 1e9) : nil }
        let clusters = Self.secondsLeftUnderSLURM.map { MonotonicClock.nanoseconds + Int64(min(max($0, -1e8), 1e8) * 1e9) }
        end = [own, clusters].compactMap { $0 }.min()
        reason = end == own ? .timeLimit : .jobEnd
    }

    private static var secondsLeftUnderSLURM: Double? {
        guard let text = getenv("SLURM_JOB_END_TIME"), let end = Double(String(cString: text)), end.isFinite else { return nil }
        return end - Double(time(nil))
    }

    /// Whether no time is left at all.
    var isPast: Bool { end.map { $0 <= MonotonicClock.nanoseconds } ?? false }

    /// What asks this rank to end before its first step: a signal, or a time that is up. No flag where nothing does.
    var startFlags: StepFlags {
        StepFlags(signals: StopSignals.received).union(isPast ? StepFlags(reason) : [])
    }

    /// Notes the end of a step.
    mutating func noteStep() {
        let now = MonotonicClock.nanoseconds
        if let lastStepEnd { slowestStep = max(slowestStep, now - lastStepEnd) }
        lastStepEnd = now
    }

    /// Notes a validation that began at `start`, whose time is none of a step's.
    mutating func noteValidation(start: Int64) {
        let now = MonotonicClock.nanoseconds
        slowestValidation = max(slowestValidation, now - start)
        lastStepEnd = now
    }

    /// Whether it is time to save and leave, before a validation of `windows` windows and the next step.
    func isNear(checkpointBytes: Int, checkpointNanoseconds: Int64?, validationWindows windows: Int) -> Bool {
        guard let end else { return false }
        let checkpoint = checkpointNanoseconds ?? Int64(Double(checkpointBytes) / Self.slowestDisk * 1e9)
        let validation = windows == 0 ? 0 : max(slowestValidation, Int64(windows) * slowestStep / 2)
        let left = end - MonotonicClock.nanoseconds
        return left < Self.reserve + 2 * checkpoint + 2 * slowestStep + validation
    }
}
