import Checkpoints
import Configuration
import Models

extension StoredCheckpoint {
    /// Compares the file's texts with its arrays, so that a size in a text is used only if the arrays have it. No later
    /// allocation is then larger than the file.
    ///
    /// Throws `StoredRunError.inconsistentCheckpoint`, `CheckpointError.noSuchArray` and `.otherArray`.
    func checkConsistency() throws {
        do throws(ConfigurationError) {
            try configuration.validate()
        } catch {
            throw inconsistent("\(error)")
        }
        let unit = configuration.usesBuiltInSource ? .char : configuration.tokens
        guard vocabulary.unit == unit else {
            throw inconsistent(
                "its vocabulary has the unit \(vocabulary.unit.rawValue), but its configuration has \(unit.rawValue)")
        }
        if let contradiction = state.contradiction(configuration) { throw inconsistent(contradiction) }
        let needs = modelShape.needs(training: false)
        let needed = needs.parameters.parameterCount + configuration.batchSize * needs.states.reduce(0) { $0 + $1.columns }
        guard needed <= floatCount else {
            throw inconsistent("its configuration needs \(needed) parameters, but it has \(floatCount) numbers")
        }
        for array in expectedArrays { try reader.require(array.name, of: Float.self, shape: array.shape) }
    }

    /// Throws `StoredRunError.inconsistentCheckpoint` unless a training text with this number of windows has the position of the
    /// state.
    package func checkPosition(windowCount: Int) throws(StoredRunError) {
        if let contradiction = state.contradiction(windowCount: windowCount) { throw inconsistent(contradiction) }
    }

    private func inconsistent(_ reason: String) -> StoredRunError {
        .inconsistentCheckpoint(path: reader.path, reason: reason)
    }

    /// All arrays that a resume needs: first the parameters, in the order of their layout.
    var expectedArrays: [CheckpointArray] { configuration.checkpointArrays(modelShape) }

    private var floatCount: Int {
        reader.arrays.filter { $0.elementType == .float32 }.reduce(0) { $0 + $1.shape.reduce(1, *) }
    }
}
