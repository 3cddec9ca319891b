import Communication

/// What a rank tells the others at the end of a step.
package struct StepFlags: OptionSet, Sendable {
    package let rawValue: Int32

    /// Rank 0's clock asks for a checkpoint.
    package static let checkpointTime = StepFlags(rawValue: 1 << 16)
    /// Rank 0's clock leaves time for nothing but a checkpoint before the time limit.
    package static let timeLimitIsNear = StepFlags(rawValue: 1 << 17)
    /// Rank 0's clock leaves time for nothing but a checkpoint before the end of the job under SLURM.
    package static let jobEndIsNear = StepFlags(rawValue: 1 << 18)
    /// A rank cannot read the tokens of its window.
    package static let inputFault = StepFlags(rawValue: 1 << 19)
    private static let stops: StepFlags = [StepFlags(signals: .all), .timeLimitIsNear, .jobEndIsNear]

    package init(rawValue: Int32) { self.rawValue = rawValue }

    init(signals: StopSignals) { self.init(rawValue: signals.rawValue) }

    /// The flag of a time that is up.
    init(_ reason: StopReason) { self = reason == .jobEnd ? .jobEndIsNear : .timeLimitIsNear }

    /// Whether any rank got a signal, or the time is up.
    package var asksToStop: Bool { !isDisjoint(with: Self.stops) }

    /// Why the job is to end; nil where nothing asks for it.
    package var stopReason: StopReason? {
        if let signal = StopSignals(rawValue: rawValue).name { return .signal(signal) }
        if contains(.timeLimitIsNear) { return .timeLimit }
        return contains(.jobEndIsNear) ? .jobEnd : nil
    }
}
