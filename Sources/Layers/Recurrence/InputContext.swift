public import Kinds
import Tensors

extension CellSettings {
    public static let context = Setting(
        "context", 4, range: .whole(1...1000), placeholder: "n",
        "How many input vectors a layer without recurrence reads: that of the step, and the n - 1 before it.")
}

/// The products with earlier inputs of a layer: the input's part of the preactivations becomes `W x + sum over k of V_k x(t-k)` for k from
/// 1 to n - 1, V_k `rnn.weight_context<k>_l<number>` `[G*H, I]`. Before the start of an epoch, x is zero.
///
/// All products are of a whole window. The last n - 1 inputs are carried to the next window, without gradient.
///
/// Source: the concatenation of the vectors of Bengio et al. 2003, with the weight cut into a block for each vector. Memory: (T + n - 1) B I floats.
struct InputContext {
    private let weights: [CellWeight]  // by k, from 1
    private let x: MatrixView  // [(n-1+T)*B, I]: inputs before the window, the first first, and those of the window
    private let streams: Int

    /// - Parameter length: n, at least 2.
    init(_ length: Int, inputs: Int, _ cellBuilder: CellBuilder, _ builder: Builder) {
        streams = builder.capacity.streams
        let rows = cellBuilder.parameters.gateCount * cellBuilder.size.hiddenSize
        weights = (1..<length).map { cellBuilder.weight("weight_context\($0)", rows: rows, columns: inputs) }
        x = builder.workspace.matrix(rows: (length - 1 + builder.capacity.steps) * streams, columns: inputs)
        for k in 1..<length { builder.state("x\(k)_l\(cellBuilder.parameters.number)", self.rows(back: k, count: streams)) }
    }

    /// Makes the inputs before the window zero.
    func reset() { x.pointer.update(repeating: 0, count: weights.count * streams * x.columns) }

    /// Makes the last inputs of a window those before the next window.
    func carry(steps: Int) {
        x.pointer.update(from: x.pointer + steps * streams * x.columns, count: weights.count * streams * x.columns)
    }

    /// Adds the products of a window with the inputs `window` `[steps*B, I]` to its gates `[steps*B, G*H]`.
    func multiply(_ window: MatrixView, into gates: MatrixView) {
        RowKernels.copy(window, into: rows(back: 0, count: window.rows))
        for (index, weight) in weights.enumerated() {
            weight.multiply(rows(back: index + 1, count: window.rows), into: gates, from: .result)
        }
    }

    /// Adds to `dInput` `[steps*B, I]` the part of the gradient that comes from later steps of the window.
    func multiplyBackward(_ dGates: MatrixView, into dInput: MatrixView) {
        for (index, weight) in weights.enumerated() where (index + 1) * streams < dGates.rows {
            let first = (index + 1) * streams
            weight.multiplyBackward(
                dGates.slice(rows: first..<dGates.rows), into: dInput.prefix(rows: dGates.rows - first), from: .result)
        }
    }

    /// The gradients of the weights after a window.
    func gradients(_ window: RecurrentWindow) {
        for (index, weight) in weights.enumerated() {
            weight.gradient(window, dY: window.dGates, x: rows(back: index + 1, count: window.dGates.rows))
        }
    }

    /// The first `count` rows of what stands `steps` steps before the window's inputs.
    private func rows(back steps: Int, count: Int) -> MatrixView {
        let first = (weights.count - steps) * streams
        return x.slice(rows: first..<(first + count))
    }
}
