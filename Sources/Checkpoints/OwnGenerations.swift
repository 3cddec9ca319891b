/// The checkpoints that a job may count on, by their steps. Others in the folder are damaged, or belong to other steps or another run: the job neither
/// returns to them nor removes its own ones for them.
public struct OwnGenerations: Sendable {
    /// The step of the last checkpoint that the job has taken.
    public let lastStep: Int
    /// The steps of the files that the job has passed over.
    public let passedOver: Set<Int>

    public init(upTo lastStep: Int = .max, except passedOver: Set<Int> = []) {
        (self.lastStep, self.passedOver) = (lastStep, passedOver)
    }

    func contains(_ generation: CheckpointGeneration) -> Bool {
        generation.step <= lastStep && !passedOver.contains(generation.step)
    }
}
