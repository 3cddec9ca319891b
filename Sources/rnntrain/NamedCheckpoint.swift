import Checkpoints
import Communication
import Files
import Foundation
import Runs

/// The checkpoint that `--checkpoint` names: a file or a run folder.
struct NamedCheckpoint {
    private let path: String
    private let isFolder: Bool

    /// Throws if the path does not exist (66).
    init(_ path: String) throws {
        var isFolder: ObjCBool = false
        self.path = path
        guard path != StandardInput.sign, FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
        else {
            try InputFile.check(path, namedBy: "--checkpoint")
            self.isFolder = false
            return
        }
        self.isFolder = true
    }

    /// Opens the checkpoint. In a run's folder it is the best model on validation, or the newest valid checkpoint if there is no
    /// best model. A note on standard error names the choice.
    ///
    /// Throws if the folder has no checkpoint (66), or if none is valid or the best model belongs to another run (65).
    func open() throws -> StoredCheckpoint {
        guard isFolder else { return try StoredCheckpoint(path: path, checkingLimits: true) }
        let folder = RunFolder(path: path)
        let records = RunRecords(folder)
        if pathExists(folder.checkpoints.bestPath) {
            note(folder.checkpoints.bestPath)
            let best = try StoredCheckpoint(path: folder.checkpoints.bestPath, checkingLimits: true)
            try records.requireOwnBest(best)
            return best
        }
        guard let newest = try records.newestCheckpoint() else { throw InputFileError.noCheckpoint(path: path) }
        note(newest.generation.path)
        for damaged in newest.passedOver { StandardError.warn(damaged.description) }
        return newest.contents
    }

    private func note(_ taken: String) { StandardError.note("--checkpoint \(path) is a run folder; using \(taken).") }
}
