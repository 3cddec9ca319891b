import Communication

/// What a rank tells the others at the end of a step.
package struct StepFlags: OptionSet, Sendable {
    package let rawValue: Int32

    /// Rank 0's clock asks for a checkpoint.
    package static let checkpointTime = StepFlags(rawValue: 1 << 16)
    /// Rank 0's clock leaves time for nothing but a checkpoint.
    package static let timeIsUp = StepFlags(rawValue: 1 << 17)
    private static let stops = StepFlags(rawValue: 1 << 16 - 1).union(.timeIsUp)

    package init(rawValue: Int32) { self.rawValue = rawValue }

    init(signals: StopSignals) { self.init(rawValue: signals.rawValue) }

    /// Whether any rank got a signal, or the time is up.
    package var asksToStop: Bool { !isDisjoint(with: Self.stops) }
}
