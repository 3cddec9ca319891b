/// The state of a run, besides parameters, moments and hidden states: everything that a resumed run needs to continue with the
/// same bits.
public struct TrainingState: Codable, Equatable, Sendable {
    /// The number of completed steps, including skipped updates.
    public var step = 0
    /// The epoch of the next step, from 1.
    public var epoch = 1
    /// The next window of that epoch, from 0.
    public var window = 0
    /// The number of updates.
    public var updates = 0
    /// The number of tokens predicted so far.
    public var tokens = 0
    /// The number of consecutive updates that were skipped because the gradient was not finite.
    public var skippedInARow = 0
    /// Whether a validation of this step is still due; nil means no.
    public var awaitsValidation: Bool?
    /// The factor on the learning rate after returns to a checkpoint; nil means 1.
    public var rateScale: Double?
    public var convergence = ConvergenceState()
    /// The sums since the last line of the log.
    public var interval = IntervalSums()

    public init() {}
}

extension TrainingState {
    /// The epoch of the last step; 1 before the first step.
    package var lastEpoch: Int { window == 0 && step > 0 ? epoch - 1 : epoch }
}

/// Sums between two lines of the log.
public struct IntervalSums: Codable, Equatable, Sendable {
    /// In nats, over all ranks and tokens.
    public var loss = 0.0
    public var tokens = 0
    public var steps = 0
    public var clipped = 0
    public var skipped = 0

    public init() {}

    /// The mean loss in nats per token; NaN if no step had a finite loss.
    public var meanLoss: Double { tokens > 0 ? loss / Double(tokens) : .nan }
    /// The share of steps whose gradient was clipped.
    public var clippedShare: Double { steps > 0 ? Double(clipped) / Double(steps) : 0 }
}
