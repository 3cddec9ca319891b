import Communication
import Configuration
import Glibc

/// The time by which a job must have saved and ended, and whether there is time for more steps before it.
///
/// Only the clock of rank 0 counts, except during a validation, where each rank looks at its own. Checkpoints, steps and validations are expected to take as long as the slowest one so far.
struct Deadline {
    /// Nanoseconds of the monotonic clock; nil for no limit.
    private let end: Int64?
    /// What ends the job at that time.
    let reason: StopReason
    /// When the steps of this job began.
    private var firstStepStart: Int64?
    private var lastStepEnd: Int64?
    private var slowestStep: Int64 = 0
    private var slowestValidation: Int64 = 0

    /// Nanoseconds for all other work at the end of a job.
    private static let reserve: Int64 = 1_000_000_000
    /// The expected speed of writing the first checkpoint, in bytes per second.
    private static let slowestDisk = 50e6

    /// The earlier of two times: `limit` after the start of this process (0: no limit), and the end of the SLURM job.
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

    /// Whether the time is already over.
    var isPast: Bool { end.map { $0 <= MonotonicClock.nanoseconds } ?? false }

    /// The requests to end before the first step: a signal, or a time limit that has passed.
    var startFlags: StepFlags {
        StepFlags(signals: StopSignals.received).union(isPast ? StepFlags(reason) : [])
    }

    /// The end of the time before the first step, for the watchdog; nil for no limit.
    func ofPreparation(_ limit: TimeSpan?) -> Watchdog.PreparationDeadline? {
        guard let end else { return nil }
        let error = TrainingError.noTime(reason, limit: limit)
        return Watchdog.PreparationDeadline(time: end, exitStatus: error.exitStatus.rawValue, line: "\(error)")
    }

    /// Notes the start of the first step. Later calls have no effect.
    mutating func noteStart() {
        if firstStepStart == nil { firstStepStart = MonotonicClock.nanoseconds }
    }

    /// The use of the limit by a job that ends at it after `steps` steps; nil without a limit or a step.
    func use(steps: Int) -> LimitUse? {
        guard let end, let firstStepStart, let lastStepEnd else { return nil }
        return LimitUse(
            reason: reason, steps: steps, stepSeconds: Double(lastStepEnd - firstStepStart) / 1e9,
            limitSeconds: Double(end - MonotonicClock.processStart) / 1e9)
    }

    /// Notes the end of a step.
    mutating func noteStep() {
        let now = MonotonicClock.nanoseconds
        if let lastStepEnd { slowestStep = max(slowestStep, now - lastStepEnd) }
        lastStepEnd = now
    }

    /// Notes a validation that began at `start`. Its time does not count for steps.
    mutating func noteValidation(start: Int64) {
        let now = MonotonicClock.nanoseconds
        slowestValidation = max(slowestValidation, now - start)
        lastStepEnd = now
    }

    /// Whether it is time to save and leave, before a validation of `windows` windows and the next step.
    func isNear(checkpointBytes: Int, checkpointNanoseconds: Int64?, validationWindows windows: Int) -> Bool {
        guard let end else { return false }
        let checkpoint = checkpointNanoseconds ?? Int64(Double(checkpointBytes) / Self.slowestDisk * 1e9)
        // Before the first validation, a window is expected to take half the time of the slowest step. Afterwards the measured time is better: a
        // single slow step would be multiplied by the number of windows.
        let expected = slowestValidation > 0 ? slowestValidation : Int64(windows) * slowestStep / 2
        let validation = windows == 0 ? 0 : expected
        let left = end - MonotonicClock.nanoseconds
        return left < Self.reserve + 2 * checkpoint + 2 * slowestStep + validation
    }
}
