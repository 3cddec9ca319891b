import Kinds
import Tensors

/// `y = [x, f(x)]`: each layer and the output layer read the embedding and the outputs of all layers below, concatenated.
///
/// Source: Graves 2013 (skip connections); with all layers below: Huang et al. 2017 (DenseNet). Kept: T B (E + k H) floats for layer k.
final class DenseConnection: Connection {
    static let name = "dense"
    static let summary =
        "Each layer and the output layer read the embedding and all layers below, side by side, `y = [x, f(x)]` (Graves 2013, Huang et al. 2017)."
    static let joinsEmbedding = true

    let output: Edge
    let layerGradient: MatrixView
    private let input: Edge
    private let layer: MatrixView

    static func outputSize(input: Int, layer: Int) -> Int { input + layer }

    init(number: Int, input: Edge, layer: MatrixView, _ builder: Builder) {
        self.input = input
        self.layer = layer
        let columns = Self.outputSize(input: input.value.columns, layer: layer.columns)
        layerGradient = builder.workspace.matrix(
            rows: builder.capacity.training ? builder.capacity.rows : 0, columns: layer.columns)
        output = Edge(value: builder.workspace.matrix(rows: builder.capacity.rows, columns: columns), builder)
    }

    private func ofInput(_ matrix: MatrixView, _ window: Window) -> MatrixView {
        matrix.prefix(rows: window.rows).slice(columns: 0..<input.value.columns)
    }

    private func ofLayer(_ matrix: MatrixView, _ window: Window) -> MatrixView {
        matrix.prefix(rows: window.rows).slice(columns: input.value.columns..<matrix.columns)
    }

    func forward(_ window: Window) {
        RowKernels.copy(input.value.prefix(rows: window.rows), into: ofInput(output.value, window))
        RowKernels.copy(layer.prefix(rows: window.rows), into: ofLayer(output.value, window))
    }

    func backward(_ window: Window, rows: GradientRows) {
        RowKernels.copy(ofLayer(output.gradient, window), into: layerGradient.prefix(rows: window.rows))
    }

    func addInputGradient(_ window: Window) {
        RowKernels.add(ofInput(output.gradient, window), to: input.gradient.prefix(rows: window.rows))
    }
}
