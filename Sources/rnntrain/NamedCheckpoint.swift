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
        let found = try FoundCheckpoint(path: path) { taken in
            StandardError.note("--checkpoint \(path) is a run folder; using \(taken).")
        }
        found.warnings.forEach(StandardError.warn)
        for damaged in found.passedOver { StandardError.warn(damaged.description) }
        return found.checkpoint
    }
}
