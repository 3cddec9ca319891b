import Communication
import Failures
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
    func openARPA() throws(ARPAError) -> NGramModel { try NGramModel(warningAt: path) }

    /// Opens it, as `FoundCheckpoint` does. A note names the file that is taken from a run folder.
    func open() throws -> StoredCheckpoint {
        if isARPA { throw NamedCheckpointError.isARPA(path: path) }
        let found = try FoundCheckpoint(path: path) { taken in
            StandardError.note("\(option) \(path) is a run folder; using \(taken).")
        }
        found.warnings.forEach(StandardError.warn)
        if let notice = found.checkpoint.vocabulary.tokenizer.libraryNotice { StandardError.warn("\(path): \(notice).") }
        for damaged in found.passedOver { StandardError.warn(damaged.description) }
        return found.checkpoint
    }
}

/// A file that is no checkpoint.
enum NamedCheckpointError: UserFacingError {
    case isARPA(path: String)

    var exitStatus: ExitStatus { .usage }

    var description: String {
        switch self {
        case .isARPA(let path):
            "\(quoting: path) is an ARPA file, and this command needs the checkpoint of a network. evaluate, score, compare, probe and rescore take ARPA files."
        }
    }
}

extension NGramModel {
    /// Reads an ARPA file. Warns if its probabilities do not sum to 1.
    convenience init(warningAt path: String) throws(ARPAError) {
        try self.init(arpa: path)
        guard let normalizationFault else { return }
        StandardError.warn(
            "\(path): \(normalizationFault). Perplexities and surprisals of such a model mean nothing: the file may be damaged. Write it again."
        )
    }
}
