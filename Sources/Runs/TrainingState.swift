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
    /// Whether the text that the model generates at this step is still due; nil means no.
    public var awaitsSample: Bool?
    /// The factor on the learning rate after returns to a checkpoint; nil means 1.
    public var rateScale: Double?
    /// Whether the run has returned to a checkpoint after a divergence; nil means no, unless there is a factor. It stays when a resumed job
    /// sets another learning rate, which has no factor.
    public var hasReturned: Bool?
    public var convergence = ConvergenceState()
    /// When the average of the parameters begins, for a rule that begins it after validations; nil before the first.
    public var averaging: AveragingState?
    /// In `best.safetensors` of a rule that averages the parameters: the average is in their place, and they are in its place. Nil means no.
    public var holdsAverage: Bool?
    /// The sums since the last line of the log.
    public var interval = IntervalSums()

    public init() {}
}

extension TrainingState {
    /// The epoch of the last step; 1 before the first step.
    package var lastEpoch: Int { window == 0 && step > 0 ? epoch - 1 : epoch }

    /// Whether the parameters depend on the steps of earlier checkpoints, because the run has returned to one after a divergence.
    package var dependsOnCheckpoints: Bool { hasReturned == true || rateScale != nil }

    /// Whether the last validation was after the last step. States of older versions know only the step of the best one.
    package var isValidated: Bool { (convergence.lastStep ?? convergence.bestStep) == step }
}

/// The validations that decide when the average of the parameters begins.
public struct AveragingState: Codable, Equatable, Sendable {
    /// The losses of the last validations, at most `interval`, in their order.
    public private(set) var recent: [Double] = []
    /// The smallest loss of the validations before those.
    public private(set) var bestBefore: Double?
    /// The number of updates after which the average begins; nil before.
    public private(set) var start: Int?

    public init() {}

    /// Takes a validation after so many updates.
    package mutating func take(loss: Double, updates: Int, interval: Int) {
        guard loss.isFinite else { return }
        if start == nil, let bestBefore, loss > bestBefore { start = updates }
        recent.append(loss)
        if recent.count > interval { bestBefore = min(bestBefore ?? .infinity, recent.removeFirst()) }
    }
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
