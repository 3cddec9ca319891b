import Checkpoints
import Runs

extension Verification {
    /// Checks a checkpoint: its checksums, its texts against its arrays, and its parameters against the digest that was noted.
    public init(checkpoint path: String) {
        self.init(path: path, files: [CheckpointVerification(path, .checkpoint).file])
    }
}

/// A checkpoint that was checked, and its contents if they could be read.
struct CheckpointVerification {
    var file: VerifiedFile
    private(set) var checkpoint: StoredCheckpoint?

    /// Checks the file at `path`; `step` is what its name says, if it does, and `windowCount` what the training text has, if it is known.
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
