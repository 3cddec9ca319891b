import Layers
package import Models
package import Runs
package import Tensors

/// A trained model with a backward pass, for one process: every stream reads the same text.
package final class InspectedModel {
    package let shape: ModelShape
    package let layout: ParameterLayout
    /// The parameters, in the layout's order.
    package let values: UnsafeMutablePointer<Float>
    package let model: SequenceModel
    package let steps: Int
    package let streams: Int
    let rows: GradientRows
    private let parameters: ParameterSet
    private let weights: PackedWeights  // keeps the packed weights alive
    private let workspace = Workspace()

    /// The model of a checkpoint, with windows of `steps` steps. Dropout and penalties on activations are off.
    ///
    /// Throws the errors of `StoredCheckpoint.copyModel`, and `RunCheckError` if a limit of the process is too low.
    package convenience init(_ stored: StoredCheckpoint, steps: Int, streams: Int) throws {
        try self.init(stored.modelShape, steps: steps, streams: streams) { values, layout in
            try stored.copyModel(to: values, layout: layout)
        }
    }

    /// A model whose parameters `fill` writes.
    package init(
        _ trained: ModelShape, steps: Int, streams: Int, fill: (UnsafeMutablePointer<Float>, ParameterLayout) throws -> Void
    ) throws {
        Processor.flushDenormals()
        let shape = trained.withExactLoss
        (self.shape, self.steps, self.streams) = (shape, steps, streams)
        let build = BuildSettings(WindowCapacity(steps: steps, streams: streams, training: true))
        let needs = shape.needs(build)
        layout = needs.parameters
        try ProcessRoom.require(bytes: 4 * (2 * layout.elementCount + needs.packed.elementCount) + needs.byteCount)
        values = workspace.allocate(Float.self, count: layout.elementCount)
        try fill(values, layout)
        parameters = ParameterSet(
            layout: layout, values: values, gradients: [workspace.allocate(Float.self, count: layout.elementCount)])
        weights = PackedWeights(
            needs.packed, values: values, storage: workspace.allocate(Float.self, count: needs.packed.elementCount))
        weights.pack(0..<layout.elementCount)
        model = SequenceModel(shape, Builder(making: build, parameters: parameters, weights: weights))
        rows = GradientRows(
            program: TreeProgram(tree: ShardTree(shardCount: 1), ownShards: 0..<1), streamsOfShards: [0..<streams],
            maximumSteps: steps * needs.rowsPerPrediction, widestInput: needs.widestInput, precision: .fp32)
        model.resetState()
    }

    /// Throws `StoredRunError.overflow` if a hidden state of the last window, which begins after `start` tokens, is not finite: correlations and shares
    /// computed from such states would be meaningless. For one stream.
    func requireFiniteStates(after start: Int, rows: Int, checkpoint: String) throws(StoredRunError) {
        let layers = (0..<shape.layers).map { model.hidden(ofLayer: $0) }
        for row in 0..<rows {
            for hidden in layers {
                let state = UnsafeBufferPointer(start: hidden.pointer + row * hidden.rowStride, count: hidden.columns)
                guard state.allSatisfy(\.isFinite) else {
                    throw .overflow(checkpoint: checkpoint, place: "token \(start + row + 1) of the text")
                }
            }
        }
    }

    /// The window's tokens for every stream, `[steps, streams]`.
    func inputs(_ tokens: ArraySlice<Int32>) -> [Int32] {
        tokens.flatMap { [Int32](repeating: $0, count: streams) }
    }
}
