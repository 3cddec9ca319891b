import Kinds
import Tensors

/// `y = x + f(x)`: the input of a layer is added to its output.
///
/// Source: He et al. 2016; between the recurrent layers of a stack Wu et al. 2016. Kept: 2 T B H floats a layer.
final class ResidualConnection: Connection {
    static let name = "residual"
    static let summary =
        "Each layer above the lowest adds its input to its output, `y = x + f(x)` (He et al. 2016, Wu et al. 2016)."

    let output: Edge
    var layerGradient: MatrixView { output.gradient }
    private let input: Edge
    private let layer: MatrixView

    init(number: Int, input: Edge, layer: MatrixView, _ builder: Builder) {
        self.input = input
        self.layer = layer
        output = Edge(value: builder.workspace.matrix(rows: builder.capacity.rows, columns: layer.columns), builder)
    }

    func forward(_ window: Window) {
        RowKernels.copy(layer.prefix(rows: window.rows), into: output.value.prefix(rows: window.rows))
        RowKernels.add(input.value.prefix(rows: window.rows), to: output.value.prefix(rows: window.rows))
    }

    func backward(_ window: Window, rows: GradientRows) {}

    func addInputGradient(_ window: Window) {
        RowKernels.add(output.gradient.prefix(rows: window.rows), to: input.gradient.prefix(rows: window.rows))
    }
}
