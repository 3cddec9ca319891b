import Checkpoints
import Files
import Runs

/// What a resume does about the checkpoints that it does not use.
///
/// Those of another run, of a copy of the run, or of steps that the run has abandoned get another name: a later resume might otherwise continue from
/// them, or the run might remove its own ones for them. Damaged and unreadable ones stay; the next job examines them again.
struct SkippedCheckpoints {
    /// One for each checkpoint.
    let notices: [String]

    /// - Parameter newer: those that are newer than the checkpoint of `step`, from which the run continues.
    /// - Throws: `FileError` if a file cannot be renamed.
    init(newer: [PassedOverCheckpoint], olderThan step: Int, _ records: RunRecords, in checkpoints: CheckpointFolder) throws {
        var notices: [String] = []
        for checkpoint in try newer + records.abandonedCheckpoints(before: step) {
            var notice = "skipped \(checkpoint)"
            if case .foreignCheckpoint? = checkpoint.reason as? StoredRunError {
                notice += ". The file is now \(try checkpoints.setAside(checkpoint.generation))"
            }
            notices.append(notice)
        }
        self.notices = notices
    }
}
