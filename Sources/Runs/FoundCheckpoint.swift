public import Checkpoints
import Files

/// The checkpoint of a path: a checkpoint file, or a run folder, from which one checkpoint is selected.
public struct FoundCheckpoint {
    /// The checkpoint.
    public let checkpoint: StoredCheckpoint
    /// The file that was read.
    public let path: String
    /// Newer checkpoints of the run that are not valid, with the reasons. For the best parameters: those that they are not compared with.
    public let passedOver: [PassedOverCheckpoint]
    /// Unusual properties of the run's files that are not errors.
    public let warnings: [String]

    /// Opens and verifies the checkpoint file at `path`, or the best parameters on validation of the run folder at `path`. If the folder
    /// has no best parameters, it opens the newest valid checkpoint.
    ///
    /// A job may train in the folder: a reading in which its files contradict each other is repeated.
    ///
    /// Throws the errors of `StoredCheckpoint`, of `RunRecords.best` and of `RunRecords.newestCheckpoint`, and
    /// `StoredRunError.noCheckpoint`.
    ///
    /// - Parameter taking: is called with the selected file of a run folder, before the file is opened or after it is found
    ///   valid.
    public init(path: String, taking: (String) -> Void = { _ in }) throws {
        guard isFolder(path) else {
            (checkpoint, self.path) = (try StoredCheckpoint(path: path, checkingLimits: true), path)
            (passedOver, warnings) = ([], [])
            return
        }
        let folder = RunFolder(path: path)
        // Each reading may take a pass over a long log, so that faults that stay cost few of them.
        self = try folder.reading(attempts: 5) {
            try FoundCheckpoint(in: folder, taking: taking)
        } isSound: {
            $0.passedOver.isEmpty && $0.warnings.isEmpty
        }
    }

    private init(in folder: RunFolder, taking: (String) -> Void) throws {
        let records = RunRecords(folder)
        let best = folder.checkpoints.bestPath
        if pathExists(best) {
            taking(best)
            let found = try records.best()
            (checkpoint, passedOver, warnings) = found
            self.path = best
            return
        }
        guard let newest = try records.newestCheckpoint() else { throw StoredRunError.noCheckpoint(path: folder.path) }
        taking(newest.generation.path)
        (checkpoint, self.path, passedOver) = (newest.contents, newest.generation.path, newest.passedOver)
        warnings = records.warnings
    }
}
