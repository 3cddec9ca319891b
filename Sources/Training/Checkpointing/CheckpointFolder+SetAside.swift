import Checkpoints
import Failures
import Runs

extension CheckpointFolder {
    /// Renames the checkpoints that the run does not use, and returns a notice for each.
    ///
    /// Otherwise a later job might continue from one of another run or of abandoned steps, or remove the run's own ones for it. Those that the system
    /// cannot read stay: the next job examines them again.
    ///
    /// Throws `FileError` if a file cannot be renamed.
    func setAside(_ skipped: [PassedOverCheckpoint]) throws -> [String] {
        try skipped.map { checkpoint in
            let isUnreadable = (checkpoint.reason as? any UserFacingError)?.exitStatus != .badData
            return "skipped \(faultText(checkpoint.reason))"
                + (isUnreadable ? "" : ". The file is now \(try setAside(checkpoint.generation))")
        }
    }
}
