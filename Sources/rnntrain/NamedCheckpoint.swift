import Communication
import Files
import Runs

/// The checkpoint that `--checkpoint` names: a file or a run folder.
struct NamedCheckpoint {
    private let path: String

    /// Throws if nothing is there (66).
    init(_ path: String) throws {
        self.path = path
        if path == StandardInput.sign || !isFolder(path) { try InputFile.check(path, namedBy: "--checkpoint") }
    }

    /// Opens it, as `FoundCheckpoint` does. A note names the file that is taken from a run folder.
    func open() throws -> StoredCheckpoint {
        guard isFolder else { return try StoredCheckpoint(path: path, checkingLimits: true) }
        let folder = RunFolder(path: path)
        let records = RunRecords(folder)
        if let best = try records.best() {
            note(folder.checkpoints.bestPath)
            best.warnings.forEach(StandardError.warn)
            return best.checkpoint
        }
        for damaged in found.passedOver { StandardError.warn(damaged.description) }
        return found.checkpoint
    }
}
