import Checkpoints
package import Configuration
import Foundation
package import TextData

/// What the header of a checkpoint says about its run: all that the checkpoint is compared by with the other files of the run.
package struct CheckpointFacts {
    /// The path of the file, as given.
    package let path: String
    package let configuration: TrainingConfiguration
    package let vocabulary: Vocabulary
    package let state: TrainingState
    /// Digests of the run's texts, by role.
    package let textDigests: [String: String]
    /// The identity of the run; nil in files of programs before 0.2.
    package let runIdentity: RunIdentity?
    /// The digest of the parameters, as in the log; nil if the header has none.
    package internal(set) var parametersDigest: String?

    /// Reads the header of the file at `path`, and not its data.
    ///
    /// Throws `CheckpointError`, and the errors of `init(path:metadata:)`.
    package init(path: String) throws {
        try self.init(path: path, metadata: try SafetensorsReader.metadata(path: path))
    }

    /// Decodes the texts of a header. Throws `StoredRunError.incompleteCheckpoint` and `TextDataError.badVocabulary`.
    init(path: String, metadata: [String: String]) throws {
        func text(_ key: String) throws -> String {
            guard let text = metadata[key] else { throw StoredRunError.incompleteCheckpoint(path: path, missing: key) }
            return text
        }
        func decoded<T: Decodable>(_ key: String) throws -> T {
            let text = try text(key)
            guard let value = try? JSONDecoder().decode(T.self, from: Data(text.utf8)) else {
                throw StoredRunError.incompleteCheckpoint(path: path, missing: key)
            }
            return value
        }
        self.path = path
        configuration = try decoded("configuration")
        state = try decoded("state")
        textDigests = try decoded("texts")
        runIdentity = metadata[RunIdentity.metadataKey].map(RunIdentity.init)
        vocabulary = try Vocabulary(jsonText: try text("vocabulary"), source: path)
        parametersDigest = metadata[SafetensorsReader.digestKey]
    }
}
