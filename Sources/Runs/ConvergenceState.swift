/// The results of the validations so far.
/// Losses are what the task minimises (`Metric.criterion`): for a language model nats per token, for a classifier the share of wrong labels.
public struct ConvergenceState: Codable, Equatable, Sendable {
    /// The best validation loss in nats per token; nil before the first validation.
    public var bestLoss: Double?
    public var bestStep = 0
    /// The number of validations since the last improvement.
    public var withoutImprovement = 0
    /// The total number of validations without an improvement, for the schedule `plateau`.
    public var plateaus = 0
    /// The last validation loss; nil if it was not finite.
    public var lastLoss: Double?
    /// The step of the last validation; nil in checkpoints of older versions.
    public var lastStep: Int?

    public init() {}
}
