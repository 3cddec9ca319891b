import Checkpoints
import Communication
import Files
import Foundation
import Runs

/// The checkpoint that `--checkpoint` names: a file or a run folder.
struct NamedCheckpoint {
    private let path: String
    private let isFolder: Bool

    /// Throws if nothing is there (66).
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

    /// Opens it: of a run's folder the best parameters on validation, or the newest good checkpoint where there are none. Which one is taken is noted on
    /// the standard error output.
    ///
    /// Throws where the folder has none (66), and where none is good or the best parameters are of another run (65).
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
