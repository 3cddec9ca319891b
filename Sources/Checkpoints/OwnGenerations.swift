/// The checkpoints that a job may count on: those of its run that it found at its start, and those that it has written since then. Others in the folder
/// may be damaged, or of other steps or another run: the job neither returns to them nor removes its own ones for them.
public struct OwnGenerations: Sendable {
    /// The digests of the parameters, by step; nil for an unknown one.
    private var digests: [Int: String?] = [:]

    /// No checkpoint.
    public init() {}

    /// Adds the checkpoint of a step.
    ///
    /// - Parameter digest: that of the parameters, as in the file; nil if it has none.
    public mutating func insert(_ step: Int, digest: String?) { digests[step] = .some(digest) }

    /// Leaves those up to the checkpoint to which the job has returned.
    public mutating func removeAll(after step: Int) { digests = digests.filter { $0.key <= step } }

    /// Whether the job may count on the generation of this step.
    public func contains(_ generation: CheckpointGeneration) -> Bool { digests.keys.contains(generation.step) }

    /// Why the file of a step is not the job's own; nil if it is.
    func otherParameters(_ found: String?, step: Int) -> CheckpointDamage? {
        guard let known = digests[step], let expected = known, found != expected else { return nil }
        return .otherParameters(found: found ?? "none", expected: expected)
    }
}
