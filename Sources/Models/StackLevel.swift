import Layers
import Tensors

/// One level of a stack: dropout, a recurrent layer, and the connection that combines its output with its input.
final class StackLevel {
    let layer: any RecurrentLayer
    let dropout: DropoutLayer
    private let input: Edge
    private let connection: any Connection
    private let needsRows: Bool

    /// Level `k`, which reads `input`.
    init(_ k: Int, _ shape: ModelShape, reading input: Edge, _ builder: Builder) {
        self.input = input
        dropout = DropoutLayer(
            probability: shape.dropout, place: k, input: input.value, isLocked: shape.regularization.locksDropout, builder)
        layer = Cells.layer(
            shape.cell,
            RecurrentShape(
                number: k, inputSize: input.value.columns, hiddenSize: shape.hiddenSize, classCount: shape.outputSize,
                readsTokens: k == 0,
                learnsFirstState: shape.initialState == .learned, settings: shape.settings), builder)
        let kind = shape.ofLevel(k)
        connection = Connections.connection(kind, number: k, input: input, layer: layer.output, builder)
        needsRows = !layer.readsDistinctRows || kind.joinsEmbedding
    }

    /// Whether the input must have a row for each row of the window. Otherwise one for each distinct token is enough.
    func readsRows(_ window: Window) -> Bool { needsRows || dropout.drops(window) }

    /// What the level above reads.
    var output: Edge { connection.output }

    /// Runs the window, on `tokens` instead of the input's rows if they are given.
    func forward(_ window: Window, tokens: RepeatedRows? = nil) {
        dropout.forward(window)
        layer.forward(tokens.map { .distinct($0) } ?? .rows(dropout.output(window)), steps: window.steps)
        connection.forward(window)
    }

    /// Backpropagates a gradient `dHidden` `[steps*streams, O]` of the layer's h within the layer. Gradients of parameters and of the
    /// input are overwritten, without meaning.
    func backwardLayer(_ window: Window, dHidden: MatrixView, tokens: MergedRows?, rows: GradientRows) {
        let read = tokens.map { BackwardInput.merged($0) } ?? .rows(dropout.output(window))
        layer.backward(
            read, dOutput: dHidden, dInput: input.gradient.prefix(rows: read.rowCount), steps: window.steps, rows: rows,
            atEpochStart: false)
    }

    /// Computes the gradients of the parameters and of the input from the gradient of `output`. Returns the gradient of the
    /// input; with `tokens`, it has a row for each of them.
    @discardableResult
    func backward(
        _ window: Window, tokens: MergedRows? = nil, rows: GradientRows, atEpochStart: Bool
    ) -> MatrixView {
        connection.backward(window, rows: rows)
        let read = tokens.map { BackwardInput.merged($0) } ?? .rows(dropout.output(window))
        let dInput = input.gradient.prefix(rows: read.rowCount)
        layer.backward(
            read, dOutput: connection.layerGradient.prefix(rows: window.rows), dInput: dInput, steps: window.steps, rows: rows,
            atEpochStart: atEpochStart)
        if tokens == nil {
            dropout.backward(dInput, window)
            connection.addInputGradient(window)
        }
        return dInput
    }
}
