public import Tensors

/// A hidden layer between two parts of a model: `y = tanh(W x + b)`, with `<name>.weight` `[n, k]` and `<name>.bias` `[n]`.
///
/// With the linear layer that reads y, it is a multilayer perceptron: from the input to the hidden units, or from these to the output.
/// Source: Pascanu, Gulcehre, Cho & Bengio 2014, "How to construct deep recurrent neural networks", sections 3.3.1 and 3.3.3. Cost: `2 n k`
/// operations a row forward. Kept: 3 T B n floats.
public final class FeedforwardLayer {
    /// y and its gradient, `[T*B, n]`.
    public let output: Edge
    private let weight: Parameter
    private let bias: Parameter
    private let packed: PackedMatrix
    private let packedBackward: PackedMatrix?
    private let preactivations: MatrixView  // [T*B, n], then their gradients
    private let kernel = CellKernel("elman_tanh")

    /// - Parameters:
    ///   - size: n, the columns of the output.
    ///   - inputSize: k, the columns of what the layer reads.
    ///   - readsTokens: whether its rows may be those of distinct tokens.
    public init(_ name: String, size: Int, inputSize: Int, readsTokens: Bool, _ builder: Builder) {
        weight = builder.gradient(
            of: builder.parameter("\(name).weight", [size, inputSize], start: .input(outputs: size)))
        bias = builder.parameter("\(name).bias", [size])
        packed = builder.packed(weight, .forward)
        packedBackward = builder.packedBackward(weight)
        preactivations = builder.gradientRows(columns: size)
        let value =
            readsTokens
            ? builder.mergedRows(columns: size) : builder.workspace.matrix(rows: builder.capacity.rows, columns: size)
        output = Edge(value: value, builder)
    }

    /// The output for the rows of `x` `[rows, k]`, at the start of `output`.
    public func forward(_ x: MatrixView) -> MatrixView {
        packed.multiply(x, into: preactivations.prefix(rows: x.rows), from: .bias(bias.value))
        kernel.forward(arithmetic(x.rows))
        return output.value.prefix(rows: x.rows)
    }

    /// The gradients of weight, bias and `x` from that of the output's rows. Call it after `forward` with the same `x`.
    ///
    /// Shapes: `x` and `dX` `[steps*streams, k]`; `dX` is overwritten. `rows` are those of `x`.
    public func backward(_ x: MatrixView, dX: MatrixView, steps: Int, rows: GradientRows) {
        guard let packedBackward else { preconditionFailure("backward pass of a model without training buffers") }
        kernel.backward(arithmetic(x.rows))
        let dY = preactivations.prefix(rows: x.rows)
        rows.weightGradient(weight, bias: bias, steps: steps, dY: dY, x: x)
        packedBackward.multiply(dY, into: dX)
    }

    private func arithmetic(_ rows: Int) -> CellStep {
        let y = output.value.pointer
        return CellStep(
            gates: preactivations.prefix(rows: rows), units: output.value.columns, hPrevious: y, h: y,
            dH: output.gradient.pointer)
    }
}
