import Kinds
import Tensors

/// `y = f(x)`: each layer reads the output of the one below.
final class StackedConnection: Connection {
    static let name = "stacked"
    static let summary = "Each layer reads the output of the layer below, `y = f(x)`."

    let output: Edge
    var layerGradient: MatrixView { output.gradient }

    init(number: Int, input: Edge, layer: MatrixView, _ builder: Builder) { output = Edge(value: layer, builder) }

    func forward(_ window: Window) {}
    func backward(_ window: Window, rows: GradientRows) {}
    func addInputGradient(_ window: Window) {}
}
