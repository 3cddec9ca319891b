import Kinds
import Tensors

/// `y = t*f(x) + (1-t)*x`, `t = s(W x + b)` with `rnn.weight_highway_l<k>` `[H, H]` and `rnn.bias_highway_l<k>`, which is initially -2:
/// at first most of the input passes unchanged.
///
/// Source: Srivastava, Greff & Schmidhuber 2015, with C = 1 - T and their negative bias; between recurrent layers Zhang et al. 2016. Kept: 3 T B H
/// floats a layer.
final class HighwayConnection: Connection {
    static let name = "highway"
    static let summary =
        "Each layer above the lowest mixes its input and its output, `y = t*f(x) + (1-t)*x`, `t = s(W x + b)`, b -2 at first (Srivastava et al. 2015)."

    let output: Edge
    let layerGradient: MatrixView
    private let kernel = CellKernel("highway")
    private let input: Edge
    private let layer: MatrixView
    private let weight: Parameter
    private let bias: Parameter
    private let packed: PackedMatrix
    private let packedBackward: PackedMatrix?
    private let gates: MatrixView  // [T*B, H]: t, then the gradient of its preactivation
    private let direct: MatrixView  // [T*B, H]: the gradient of x that passes by

    init(number: Int, input: Edge, layer: MatrixView, _ builder: Builder) {
        self.input = input
        self.layer = layer
        let (columns, rows) = (layer.columns, builder.capacity.training ? builder.capacity.rows : 0)
        weight = builder.gradient(
            of: builder.parameter("rnn.weight_highway_l\(number)", [columns, columns], start: .input(outputs: columns)))
        bias = builder.parameter("rnn.bias_highway_l\(number)", [columns], start: .spread(from: -2, to: -2))
        packed = builder.packed(weight, .forward)
        packedBackward = builder.packedBackward(weight)
        gates = builder.gradientRows(columns: columns)
        layerGradient = builder.workspace.matrix(rows: rows, columns: columns)
        direct = builder.workspace.matrix(rows: rows, columns: columns)
        output = Edge(value: builder.workspace.matrix(rows: builder.capacity.rows, columns: columns), builder)
    }

    func forward(_ window: Window) {
        packed.multiply(input.value.prefix(rows: window.rows), into: gates.prefix(rows: window.rows), from: .bias(bias.value))
        kernel.forward(arithmetic(window))
    }

    func backward(_ window: Window, rows: GradientRows) {
        kernel.backward(arithmetic(window))
        rows.weightGradient(
            weight, bias: bias, steps: window.steps, dY: gates.prefix(rows: window.rows),
            x: input.value.prefix(rows: window.rows))
    }

    func addInputGradient(_ window: Window) {
        guard let packedBackward else { preconditionFailure("backward pass of a model without training buffers") }
        packedBackward.multiply(gates.prefix(rows: window.rows), into: direct.prefix(rows: window.rows), from: .result)
        RowKernels.add(direct.prefix(rows: window.rows), to: input.gradient.prefix(rows: window.rows))
    }

    private func arithmetic(_ window: Window) -> CellStep {
        var step = CellStep(
            gates: gates.prefix(rows: window.rows), units: layer.columns, hPrevious: input.value.pointer,
            h: output.value.pointer, dH: output.gradient.pointer)
        step.kept = layer.pointer
        step.dKept = layerGradient.pointer
        step.normaliser = (direct.pointer, direct.pointer, direct.pointer)
        return step
    }
}
