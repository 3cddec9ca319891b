/// A checkpoint of a run, identified by its step.
public struct CheckpointGeneration: Sendable, Hashable {
    /// The number of completed steps.
    public let step: Int
    /// The path of the file.
    public let path: String
}

/// A verified checkpoint, and the newer ones that failed verification.
public struct NewestCheckpoint: Sendable {
    /// The generation that was loaded.
    public let generation: CheckpointGeneration
    /// Its file, open and verified.
    public let reader: SafetensorsReader
    /// Newer generations that failed verification, newest first. The user must be told about them.
    public let passedOver: [PassedOverCheckpoint]
}
