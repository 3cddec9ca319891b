import Checkpoints
package import Configuration
import Foundation
package import Models
import Runs

/// The size of a run's checkpoints.
package enum CheckpointSize {
    /// An upper bound for the text of the state: some twenty numbers with their names.
    private static let stateByteCount = 1500

    /// Upper bounds for the bytes of a checkpoint's header and of the whole file. Exact except for the text of the state.
    ///
    /// - Parameters:
    ///   - vocabulary: the JSON text of the vocabulary.
    ///   - textDigests: the digests of the texts, by role.
    package static func bounds(
        _ configuration: TrainingConfiguration, shape: ModelShape, vocabulary: String, textDigests: [String: String]
    ) throws -> (header: Int, file: Int) {
        let encoder = JSONEncoder()
        let metadata = [
            "format": "rnntrain", "configuration": String(decoding: try encoder.encode(configuration), as: UTF8.self),
            "texts": String(decoding: try encoder.encode(textDigests), as: UTF8.self), "vocabulary": vocabulary,
            // Padded with characters that JSON need not escape.
            "state": String(repeating: "0", count: stateByteCount),
            SafetensorsReader.digestKey: String(repeating: "0", count: 16), RunIdentity.metadataKey: RunIdentity().text,
        ]
        let arrays = configuration.checkpointArrays(shape).map { (name: $0.name, shape: $0.shape) }
        return SafetensorsWriter.byteCounts(of: arrays, metadata: metadata)
    }
}
