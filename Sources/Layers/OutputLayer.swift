public import Tensors

/// Linear output with softmax and cross entropy: `logits = h W^T + b`, loss `-log softmax(logits)[target]` in nats.
///
/// Logits are made and used a group of columns at a time. Where all of a window's would outgrow the cache they are not kept: the
/// backward pass makes each group again, to the same bits, and no buffer grows with the vocabulary.
public final class OutputLayer {
    private let weight: Parameter  // [V, H]
    private let bias: Parameter  // [V]
    private let capacity: WindowCapacity
    private let packed: PackedMatrix
    private let packedBackward: PackedMatrix?
    private let softmax: SoftmaxRows
    private let workspace: Workspace
    private let leftStorage: UnsafeMutablePointer<Float>
    private lazy var plainLogits = workspace.matrix(rows: capacity.rows, columns: weight.rows)
    private var window: Window?

    /// What `loss` was asked, for the backward pass.
    private struct Window {
        let hidden: MatrixView
        let left: LeftOperand  // the same for the products with groups of columns
        let gradientScale: Float
    }

    /// - Parameters:
    ///   - weight: `decoder.weight` `[V, H]`, or the embedding's table where weights are tied.
    ///   - shares: whether gradients of all logits are kept in memory that `workspace` shares, for ranks that make those of the weight together.
    public init(
        weight: Parameter, bias: Parameter, weights: PackedWeights, capacity: WindowCapacity, shares: Bool = false,
        workspace: Workspace
    ) {
        self.weight = weight
        self.bias = bias
        self.capacity = capacity
        self.workspace = workspace
        packed = weights.matrix(weight, .forward)
        leftStorage = workspace.allocate(Float.self, count: packed.leftCount(rows: capacity.rows))
        packedBackward = capacity.training ? weights.matrix(weight, .backward) : nil
        softmax = SoftmaxRows(
            maximumRows: capacity.rows, columns: weight.rows, mostKeptBytes: capacity.training ? capacity.mostLogitBytes : 0,
            shares: shares, in: workspace)
    }

    /// Bytes of what is kept of logits and their gradients.
    public var byteCount: Int { softmax.byteCount }

    /// The logits of a few rows, `[rows, V]`, as for generation; the whole buffer is made at the first call.
    public func logits(_ hidden: MatrixView) -> MatrixView {
        let result = plainLogits.prefix(rows: hidden.rows)
        packed.multiply(hidden, into: result, from: .bias(bias.value))
        return result
    }

    /// The loss of each row, in nats, 0 where `mask` is 0; `backward` then gives the gradient of `gradientScale` times their sum.
    ///
    /// Shapes: `hidden` `[steps*streams, H]`, which must stay until `backward`; `targets`, `mask` and the result `[steps*streams]`.
    public func loss(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, gradientScale: Float
    ) -> UnsafePointer<Double> {
        window = Window(hidden: hidden, left: packed.left(hidden, in: leftStorage), gradientScale: gradientScale)
        softmax.begin(rows: hidden.rows, targets: targets, mask: mask)
        for index in softmax.groups.indices {
            makeLogits(index)
            softmax.take(index)
        }
        return softmax.losses()
    }

    /// The gradient of `hidden` `[steps*streams, H]`, overwritten, and those of weight and bias; after `loss`.
    public func backward(dHidden: MatrixView, steps: Int, rows: GradientRows) {
        if let dLogits = softmax.shared {
            backward(dHidden: dHidden)
            return rows.groupedGradient(weight, bias: bias, steps: steps, dY: dLogits, x: asked.hidden)
        }
        let x = rows.pack(asked.hidden, steps: steps)
        for index in softmax.groups.indices {
            let dLogits = makeGradient(index)
            propagate(dLogits, index, into: dHidden)
            parameterGradients(dLogits, index, steps: steps, rows: rows, x: x, tied: nil)
        }
    }

    /// The gradient of `hidden` alone, where the table's own waits for the embedding's share.
    public func backward(dHidden: MatrixView) {
        for index in softmax.groups.indices { propagate(makeGradient(index), index, into: dHidden) }
    }

    /// The gradients of a shared table and of the bias, after `backward(dHidden:)`; `tied` are the embedding's rows.
    public func tiedGradients(steps: Int, rows: GradientRows, tied: TokenOccurrences) {
        let x = rows.pack(asked.hidden, steps: steps)
        for index in softmax.groups.indices {
            parameterGradients(makeGradient(index), index, steps: steps, rows: rows, x: x, tied: tied)
        }
    }

    // MARK: A group of columns

    private var asked: Window {
        guard let window else { preconditionFailure("a backward pass follows a loss") }
        return window
    }

    private func makeLogits(_ index: Int) {
        let columns = softmax.groups[index]
        packed.multiply(
            asked.left, columns: columns, into: softmax.place(index), from: .bias(bias.value + columns.lowerBound))
    }

    /// The gradient of the group's logits, which are made again where they were not kept.
    private func makeGradient(_ index: Int) -> MatrixView {
        if !softmax.keepsGroups { makeLogits(index) }
        return softmax.gradient(index, scale: asked.gradientScale)
    }

    private func propagate(_ dLogits: MatrixView, _ index: Int, into dHidden: MatrixView) {
        guard let packedBackward else { preconditionFailure("a backward pass through a model made for inference") }
        packedBackward.multiply(dLogits, terms: softmax.groups[index], into: dHidden, from: index == 0 ? .zero : .result)
    }

    private func parameterGradients(
        _ dLogits: MatrixView, _ index: Int, steps: Int, rows: GradientRows, x: PackedRows, tied: TokenOccurrences?
    ) {
        rows.partialGradient(
            weight, bias: bias, firstRow: softmax.groups[index].lowerBound, steps: steps, dY: dLogits, x: x, tied: tied)
    }
}
