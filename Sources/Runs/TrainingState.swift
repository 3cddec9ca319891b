/// Where a run is: everything that is neither parameters nor moments nor hidden states, and that a resumed run needs to go
/// on to the same bits.
public struct TrainingState: Codable, Equatable, Sendable {
    /// Steps that were done, skipped ones included.
    public var step = 0
    /// The epoch of the next step, from 1.
    public var epoch = 1
    /// The next window of that epoch, from 0.
    public var window = 0
    /// Updates that were made.
    public var updates = 0
    /// Tokens predicted so far.
    public var tokens = 0
    /// Updates skipped in a row, because the gradient was not finite.
    public var skippedInARow = 0
    /// Whether the validation that is due at this step is still to come; nil for no.
    public var awaitsValidation: Bool?
    /// What the learning rate is multiplied with, after the run has gone back to a checkpoint; nil for 1.
    public var rateScale: Double?
    public var convergence = ConvergenceState()
    /// What has come in since the last line of the log.
    public var interval = IntervalSums()

    public init() {}
}

extension TrainingState {
    /// The epoch that the last step belonged to; before the first step 1.
    package var lastEpoch: Int { window == 0 && step > 0 ? epoch - 1 : epoch }
}

/// Sums between two lines of the log.
public struct IntervalSums: Codable, Equatable, Sendable {
    /// Nats over all ranks and tokens.
    public var loss = 0.0
    public var tokens = 0
    public var steps = 0
    public var clipped = 0
    public var skipped = 0

    public init() {}

    /// Mean loss in nats per token; not a number where no step had a finite one.
    public var meanLoss: Double { tokens > 0 ? loss / Double(tokens) : .nan }
    /// Share of the steps whose gradient was clipped.
    public var clippedShare: Double { steps > 0 ? Double(clipped) / Double(steps) : 0 }
}
