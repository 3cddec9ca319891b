import Checkpoints
import Digests
import Models
import Optimizers

extension StoredCheckpoint {
    /// Holds the file's texts against its arrays, so that a size from a text is believed only where the arrays have it: nothing
    /// that is allocated afterwards is larger than the file.
    ///
    /// Throws `TrainingError.inconsistentCheckpoint`, `CheckpointError.noSuchArray` and `.otherArray`.
    func checkConsistency() throws {
        try checkState()
        do throws(ConfigurationError) {
            try configuration.validate()
        } catch {
            throw inconsistent("\(error)")
        }
        let needed = Self.leastParameterCount(configuration, vocabularySize: vocabulary.size)
        guard needed <= Double(floatCount) else {
            throw inconsistent("its configuration needs \(needed) parameters, and it holds \(floatCount) numbers")
        }
        for (name, shape) in expectedArrays { try checkArray(name, shape: shape) }
    }

    /// The digest of the parameters, as the log has it; and the name of one that is no finite number, if there is any.
    package func parametersFound() throws -> (digest: String, notFinite: String?) {
        var hasher = XXH3Hasher()
        var notFinite: String?
        for entry in modelShape.parameterLayout.entries {
            try reader.withElements(of: entry.name, as: Float.self, shape: entry.shape) { values in
                hasher.update(UnsafeRawBufferPointer(values))
                if notFinite == nil, values.contains(where: { !$0.isFinite }) { notFinite = entry.name }
            }
        }
        return (hasher.digest().hexadecimal, notFinite)
    }

    private func checkState() throws(TrainingError) {
        let counts = [state.step, state.epoch - 1, state.window, state.updates, state.tokens, state.skippedInARow]
        if let negative = counts.first(where: { $0 < 0 }) { throw inconsistent("a count of its state is \(negative)") }
    }

    private func inconsistent(_ reason: String) -> TrainingError {
        .inconsistentCheckpoint(path: reader.path, reason: reason)
    }

    /// Names and shapes of all arrays that a run goes on from.
    private var expectedArrays: [(name: String, shape: [Int])] {
        let parameters = modelShape.parameterLayout.entries.map { (name: $0.name, shape: $0.shape) }
        let moments = configuration.optimizerSettings.momentNames.flatMap { moment in
            parameters.map { (name: CheckpointNames.momentPrefix(moment) + $0.name, shape: $0.shape) }
        }
        let states = (0..<modelShape.layers).flatMap { layer in
            modelShape.stateLetters.map {
                (name: CheckpointNames.state("\($0)_l\(layer)"), shape: [configuration.batchSize, modelShape.hiddenSize])
            }
        }
        return parameters + moments + states
    }

    /// A size too small rather than too large, and in floating point, so that no size a text may claim can overflow.
    private static func leastParameterCount(_ configuration: TrainingConfiguration, vocabularySize: Int) -> Double {
        let (hidden, embedding) = (Double(configuration.hiddenSize), Double(configuration.embeddingSize))
        let gates = Double(configuration.cell.gateCount)
        let layers = Double(configuration.layers) * gates * hidden * (hidden + 2) + gates * hidden * embedding
        return Double(vocabularySize) * (embedding + 1) + layers + Double(configuration.batchSize) * hidden
    }

    private var floatCount: Int {
        reader.arrays.filter { $0.elementType == .float32 }.reduce(0) { $0 + $1.shape.reduce(1, *) }
    }

    private func checkArray(_ name: String, shape: [Int]) throws {
        try reader.withElements(of: name, as: Float.self, shape: shape) { _ in }
    }
}
