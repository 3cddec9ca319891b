/// The checkpoints that a job may count on: those up to the step from which it continues, and those that it has written since then. Others in the
/// folder may be damaged, or of other steps or another run: the job neither returns to them nor removes its own ones for them.
public struct OwnGenerations: Sendable {
    private var base: Int
    private var written: Set<Int> = []

    /// The checkpoints of a job that continues after `base` steps; by default, all checkpoints.
    public init(upTo base: Int = .max) { self.base = base }

    /// Adds the checkpoint of a step, which the job writes.
    public mutating func insert(_ step: Int) { written.insert(step) }

    /// Leaves those up to the checkpoint to which the job has returned.
    public mutating func removeAll(after step: Int) {
        base = min(base, step)
        written = written.filter { $0 <= step }
    }

    func contains(_ generation: CheckpointGeneration) -> Bool {
        generation.step <= base || written.contains(generation.step)
    }
}
