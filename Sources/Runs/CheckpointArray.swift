package import Configuration
package import Models
import Optimizers

/// An array of a checkpoint that a resume needs.
package struct CheckpointArray {
    package let name: String
    package let shape: [Int]
    let range: StoredCheckpoint.Range
    let isParameter: Bool

    /// Bytes of its elements, which are of type `Float`.
    package var byteCount: Int { shape.reduce(MemoryLayout<Float>.size, *) }
}

extension TrainingConfiguration {
    /// The arrays of a checkpoint of this run, whose model has this shape: parameters in the order of their layout, moments, hidden states.
    package func checkpointArrays(_ shape: ModelShape) -> [CheckpointArray] {
        let needs = shape.needs(training: false)
        let entries = needs.parameters.entries
        let parameters = entries.map { CheckpointArray(name: $0.name, shape: $0.shape, range: .finite, isParameter: true) }
        let moments = updateRule.moments.flatMap { moment in
            entries.map {
                CheckpointArray(
                    name: CheckpointNames.momentPrefix(moment) + $0.name, shape: $0.shape,
                    range: moment == "second_moment" ? .squares : .finite, isParameter: false)
            }
        }
        let states = needs.states.map {
            CheckpointArray(
                name: CheckpointNames.state($0.name), shape: [batchSize, $0.columns], range: .finite, isParameter: false)
        }
        return parameters + moments + states
    }
}
