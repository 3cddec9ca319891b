import Tensors

/// A linear layer with softmax and cross entropy over some rows: `softmax(W x + b)`, loss in nats.
///
/// Logits are computed and used one group of columns at a time. If the logits of a window take more than `--logit-memory`, they are not
/// kept: the backward pass computes each group again, to the same bits, and no buffer grows with the number of columns.
final class LinearSoftmax {
    let weight: Parameter  // [n, k]
    let bias: Parameter?  // [n]
    private let packed: PackedMatrix
    private let packedBackward: PackedMatrix?
    private let softmax: SoftmaxRows
    private let leftStorage: UnsafeMutablePointer<Float>

    /// Memory that several layers use one after another: each one's loss, and its backward pass, before the loss of the next.
    struct Scratch {
        fileprivate let softmax: SoftmaxRows
        fileprivate let leftStorage: UnsafeMutablePointer<Float>

        /// For layers with at most `columns` outputs, whose weights have `inner` columns.
        init(columns: Int, inner: Int, logitMemory: Int, _ builder: Builder) {
            softmax = SoftmaxRows(columns: columns, shares: false, logitMemory: logitMemory, builder: builder)
            leftStorage = builder.workspace.allocate(
                Float.self,
                count: PackedMatrix.leftCount(rows: builder.capacity.rows, inner: inner, builder.settings.precision))
        }
    }

    /// What is added to the logits besides the product.
    struct Direct {
        let weights: DirectWeights
        /// The row of the window of each row of logits; nil: the same.
        var numbers: UnsafePointer<Int32>?
        /// Receives the gradients of the logits, at the row of the window, instead of `weights`.
        var collected: MatrixView?
    }

    /// Set once, before the first loss.
    var direct: Direct?
    private var left: LeftOperand?  // what the last loss read, the same for the products with groups of columns

    /// - Parameters:
    ///   - weight, bias: what `Builder.gradient` and `Builder.parameter` give.
    ///   - shares: whether ranks compute the gradients together.
    ///   - propagates: whether there is a backward pass in training.
    ///   - rowsPerPrediction: rows for each row of a window.
    init(
        weight: Parameter, bias: Parameter?, shares: Bool = false, propagates: Bool = true, rowsPerPrediction: Int = 1,
        logitMemory: Int, _ builder: Builder
    ) {
        (self.weight, self.bias) = (weight, bias)
        packed = builder.packed(weight, .forward)
        leftStorage = builder.workspace.allocate(
            Float.self, count: packed.leftCount(rows: rowsPerPrediction * builder.capacity.rows))
        packedBackward = propagates ? builder.packedBackward(weight) : nil
        softmax = SoftmaxRows(
            rowsPerPrediction: rowsPerPrediction, columns: weight.rows, shares: shares, logitMemory: logitMemory, builder: builder
        )
    }

    /// Some rows of a weight, without bias.
    init(weight: Parameter, rows: Range<Int>, _ scratch: Scratch, _ builder: Builder) {
        self.weight = builder.gradient(of: weight, rows: rows, .rank)
        bias = nil
        packed = builder.packed(weight, rows: rows, .forward)
        packedBackward = builder.packedBackward(weight, rows: rows)
        (softmax, leftStorage) = (scratch.softmax, scratch.leftStorage)
    }

    /// The gradients of all logits, if the ranks compute weight gradients together.
    var shared: SharedGradients.Groups? { softmax.shared }

    /// `result = W x + b`. Shapes: `x` `[rows, k]`, `result` `[rows, n]`.
    func logits(_ x: MatrixView, into result: MatrixView) {
        packed.multiply(x, into: result, from: bias.map { .bias($0.value) } ?? .zero)
        if let direct, direct.numbers == nil { direct.weights.add(to: result, columns: 0..<result.columns) }
    }

    /// The loss of each row; `x` must stay until the backward pass. Shapes: `x` `[rows, k]`; `targets`, `mask` and the result `[rows]`. If there is a
    /// matrix `logits` `[rows, n]`, the logits are copied to it.
    func losses(
        _ x: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, logits: MatrixView? = nil
    ) -> UnsafePointer<Double> {
        left = packed.left(x, in: leftStorage)
        softmax.begin(rows: x.rows, columns: weight.rows, targets: targets, mask: mask)
        for group in 0..<softmax.groupCount {
            makeLogits(group)
            if let logits { RowKernels.copy(softmax.place(group), into: logits.slice(columns: softmax.columns(group))) }
            softmax.take(group)
        }
        return softmax.losses()
    }

    /// Multiplies the gradient of each row by a weight, `[rows]`; after the losses.
    func setWeights(_ weights: UnsafePointer<Float>) { softmax.setWeights(weights) }

    /// The gradients of `scale` times the sum of the losses: `dX` `[rows, k]`, overwritten, and with `x`, packed by `rows`, those of weight and bias.
    func backward(scale: Float, into dX: MatrixView, x: PackedRows, steps: Int, rows: GradientRows) {
        for group in 0..<softmax.groupCount {
            let dLogits = makeGradient(group, scale: scale)
            propagate(dLogits, group, into: dX)
            parameterGradients(dLogits, group, steps: steps, rows: rows, x: x, tied: nil)
        }
    }

    /// The gradient of `x` only.
    func propagate(scale: Float, into dX: MatrixView) {
        for group in 0..<softmax.groupCount { propagate(makeGradient(group, scale: scale), group, into: dX) }
    }

    /// The gradients of weight and bias only. With `tied`, the rows of the token table are added.
    func parameterGradients(scale: Float, x: PackedRows, steps: Int, rows: GradientRows, tied: TokenOccurrences) {
        for group in 0..<softmax.groupCount {
            parameterGradients(makeGradient(group, scale: scale), group, steps: steps, rows: rows, x: x, tied: tied)
        }
    }

    // MARK: A group of columns

    private func makeLogits(_ group: Int) {
        guard let left else { preconditionFailure("a backward pass follows a loss") }
        let columns = softmax.columns(group)
        packed.multiply(
            left, columns: columns, into: softmax.place(group), from: bias.map { .bias($0.value + columns.lowerBound) } ?? .zero)
        direct?.weights.add(to: softmax.place(group), columns: columns, numbers: direct?.numbers)
    }

    /// The gradient of the group's logits, which are computed again if they were not kept.
    private func makeGradient(_ group: Int, scale: Float) -> MatrixView {
        if !softmax.keepsGroups { makeLogits(group) }
        return softmax.gradient(group, scale: scale)
    }

    private func propagate(_ dLogits: MatrixView, _ group: Int, into dX: MatrixView) {
        guard let packedBackward else { preconditionFailure("a backward pass through a model made for inference") }
        packedBackward.multiply(dLogits, terms: softmax.columns(group), into: dX, from: group == 0 ? .zero : .result)
        directGradient(dLogits, softmax.columns(group))
    }

    private func directGradient(_ dLogits: MatrixView, _ columns: Range<Int>) {
        guard let direct else { return }
        guard let collected = direct.collected, let numbers = direct.numbers else {
            return direct.weights.gradient(dLogits, columns: columns)
        }
        for row in 0..<dLogits.rows {
            let place = Int(numbers[row])
            RowKernels.copy(
                dLogits.slice(rows: row..<(row + 1)),
                into: collected.slice(rows: place..<(place + 1)).slice(columns: columns))
        }
    }

    private func parameterGradients(
        _ dLogits: MatrixView, _ group: Int, steps: Int, rows: GradientRows, x: PackedRows, tied: TokenOccurrences?
    ) {
        rows.partialGradient(
            weight, bias: bias, firstRow: softmax.columns(group).lowerBound, steps: steps, dY: dLogits, x: x, tied: tied)
    }
}
