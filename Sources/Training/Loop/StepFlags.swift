import Communication

/// The flags that a rank sends to the others at the end of a step.
package struct StepFlags: OptionSet, Sendable {
    package let rawValue: Int32

    /// A checkpoint is due by rank 0's clock.
    package static let checkpointTime = StepFlags(rawValue: 1 << 16)
    /// By rank 0's clock, only a checkpoint is possible before the time limit.
    package static let timeLimitIsNear = StepFlags(rawValue: 1 << 17)
    /// By rank 0's clock, only a checkpoint is possible before the end of the SLURM job.
    package static let jobEndIsNear = StepFlags(rawValue: 1 << 18)
    /// A rank cannot read the tokens of its window.
    package static let inputFault = StepFlags(rawValue: 1 << 19)
    private static let stops: StepFlags = [StepFlags(signals: .all), .timeLimitIsNear, .jobEndIsNear]

    package init(rawValue: Int32) { self.rawValue = rawValue }

    init(signals: StopSignals) { self.init(rawValue: signals.rawValue) }

    /// The flag of a time limit that has passed.
    init(_ reason: StopReason) { self = reason == .jobEnd ? .jobEndIsNear : .timeLimitIsNear }

    /// Whether any rank received a signal, or a time limit has passed.
    package var asksToStop: Bool { !isDisjoint(with: Self.stops) }

    /// Why the job must end; nil if there is no reason.
    package var stopReason: StopReason? {
        if let signal = StopSignals(rawValue: rawValue).name { return .signal(signal) }
        if contains(.timeLimitIsNear) { return .timeLimit }
        return contains(.jobEndIsNear) ? .jobEnd : nil
    }
}
