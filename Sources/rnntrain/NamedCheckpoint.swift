import Communication
import Files
import NGrams
import Runs

/// The model that `--checkpoint` names: a checkpoint file, a run folder, or an ARPA file.
struct NamedCheckpoint {
    let path: String
    private let option: String
    /// Whether it is an n-gram model: an ARPA file. If it cannot be read, the reader of checkpoints reports it.
    let isARPA: Bool

    /// Throws if nothing is there (66).
    ///
    /// - Parameter option: the option that names it.
    init(_ path: String, option: String = "--checkpoint") throws {
        (self.path, self.option) = (path, option)
        if path == StandardInput.sign || !isFolder(path) { try InputFile.check(path, namedBy: option) }
        isARPA = !isFolder(path) && NGramModel.isARPA(path)
    }

    /// Reads the n-gram model.
    func openARPA() throws(ARPAError) -> NGramModel { try NGramModel(arpa: path) }

    /// Opens it, as `FoundCheckpoint` does. A note names the file that is taken from a run folder.
    func open() throws -> StoredCheckpoint {
        let found = try FoundCheckpoint(path: path) { taken in
            StandardError.note("\(option) \(path) is a run folder; using \(taken).")
        }
        found.warnings.forEach(StandardError.warn)
        for damaged in found.passedOver { StandardError.warn(damaged.description) }
        return found.checkpoint
    }
}
