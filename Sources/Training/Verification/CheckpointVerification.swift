import Checkpoints
import Runs

extension Verification {
    /// Checks a checkpoint: its checksums, its texts against its arrays, and its parameters against their recorded digest.
    public init(checkpoint path: String) {
        self.init(path: path, files: [CheckpointVerification(path, .checkpoint).file])
    }
}

/// A checked checkpoint, with its content if it could be read.
struct CheckpointVerification {
    var file: VerifiedFile
    private(set) var checkpoint: StoredCheckpoint?

    /// Checks the file at `path`. `step` is the step in its name, if there is one; `windowCount` returns that of the training
    /// text, if it is known.
    init(_ path: String, _ kind: VerifiedFile.Kind, step: Int? = nil, windowCount: (StoredCheckpoint) -> Int? = { _ in nil }) {
        var file = VerifiedFile(kind, path)
        var found: StoredCheckpoint?
        file.check { file in
            let checkpoint = try StoredCheckpoint(path: path, checkingLimits: true)
            found = checkpoint
            let summary = CheckpointSummary(checkpoint)
            file.checkpoint = summary
            file.contents = "\(summary)"
            if let step, step != summary.step {
                file.fail("\(path): it is from step \(summary.step), but its name says \(step). Rename it.")
            }
            if let windowCount = windowCount(checkpoint) { try checkpoint.checkPosition(windowCount: windowCount) }
        }
        self.file = file
        checkpoint = found
    }
}
