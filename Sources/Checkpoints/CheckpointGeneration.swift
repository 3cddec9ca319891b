/// A checkpoint of a run, identified by its step.
public struct CheckpointGeneration: Sendable, Hashable {
    /// The number of completed steps.
    public let step: Int
    /// The path of the file.
    public let path: String
}

/// A verified checkpoint, and the newer ones that failed verification.
public struct NewestCheckpoint<Contents> {
    /// The chosen generation.
    public let generation: CheckpointGeneration
    /// What was read from its file.
    public let contents: Contents
    /// Newer generations that were rejected, newest first. To be reported to the user.
    public let passedOver: [PassedOverCheckpoint]
}
