/// What validations so far have shown.
public struct ConvergenceState: Codable, Equatable, Sendable {
    /// The best validation loss in nats per token; nil before the first validation.
    public var bestLoss: Double?
    public var bestStep = 0
    /// Validations since the last improvement.
    public var withoutImprovement = 0
    /// Validations without an improvement in all: what the schedule `plateau` counts.
    public var plateaus = 0
    /// The last validation loss; nil where it was not finite.
    public var lastLoss: Double?
    /// The step of the last validation; nil in checkpoints of older versions.
    public var lastStep: Int?

    public init() {}
}
