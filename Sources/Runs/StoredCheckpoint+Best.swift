package import Checkpoints
import Configuration
import Digests
import Foundation
import Models
import Optimizers

/// The model of a run whose rule averages the parameters.
extension StoredCheckpoint {
    /// Whether the model is the average of the parameters, and the average is a moment of this file.
    var isModelAside: Bool { configuration.updateRule.averaging != nil && state.updates > 0 && state.holdsAverage != true }

    /// The array in which this file has a parameter of the model: that of the average, or that of the parameter itself. The table of a frozen
    /// embedding has no average.
    func nameOfModel(_ parameter: String) -> String {
        let isFrozen = configuration.freezeEmbeddings && parameter == SequenceModel.embeddingName
        return isModelAside && !isFrozen ? averagePrefix + parameter : parameter
    }

    private var averagePrefix: String { CheckpointNames.momentPrefix(configuration.updateRule.moments[0]) }

    /// The digest of the model's parameters, as in the log.
    func digestOfModel() throws(CheckpointError) -> String {
        var hasher = XXH3Hasher()
        for array in expectedArrays where array.isParameter {
            try reader.withElements(of: nameOfModel(array.name), as: Float.self, shape: array.shape) {
                hasher.update(UnsafeRawBufferPointer($0))
            }
        }
        return hasher.digest().hexadecimal
    }

    /// Calls the body with the content that `best.safetensors` has for the model of this file: the average and the parameters change places.
    ///
    /// The arrays are valid during the call. Throws the errors of `SafetensorsReader.copy` and of the body, and `MemoryError`.
    package func withBestContent(_ body: (Checkpoint) throws -> Void) throws {
        var blocks: [MemoryBlock] = []
        defer { withExtendedLifetime(blocks) {} }
        var metadata = reader.metadata
        if configuration.updateRule.averaging != nil {
            var state = state
            state.holdsAverage = true
            metadata["state"] = try CheckpointText.json(state)
            metadata[SafetensorsReader.digestKey] = modelDigest
        }
        let arrays = try reader.arrays.map { array in
            let block = try MemoryBlock(floatCount: array.shape.reduce(1, *), for: "a copy of the best model")
            blocks.append(block)
            try reader.copy(array.name, shape: array.shape, into: block.floats)
            return NamedArray(name: nameInBest(array.name), shape: array.shape, elements: UnsafeBufferPointer(block.floats))
        }
        try body(Checkpoint(arrays: arrays, metadata: metadata))
    }

    private func nameInBest(_ name: String) -> String {
        guard isModelAside else { return name }
        let parameter = name.hasPrefix(averagePrefix) ? String(name.dropFirst(averagePrefix.count)) : name
        guard expectedArrays.contains(where: { $0.isParameter && $0.name == parameter }) else { return name }
        let aside = nameOfModel(parameter)
        if aside == parameter { return name }
        return name == aside ? parameter : aside
    }
}

/// The texts of a checkpoint.
package enum CheckpointText {
    /// The same bytes for equal values.
    package static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
