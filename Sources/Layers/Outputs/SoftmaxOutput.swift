public import Tensors

/// Linear output with softmax and cross entropy: `logits = h W^T + b`, loss `-log softmax(logits)[target]` in nats.
///
/// Logits are computed and used one group of columns at a time. If the logits of a window would exceed the memory limit, the
/// backward pass recomputes each group, with the same bits, and no buffer grows with the vocabulary.
public final class SoftmaxOutput: OutputLayer {
    private let weight: Parameter  // [V, H]
    private let bias: Parameter  // [V]
    private let isTied: Bool
    private let capacity: WindowCapacity
    private let packed: PackedMatrix
    private let packedBackward: PackedMatrix?
    private let softmax: SoftmaxRows
    private let workspace: Workspace
    private let leftStorage: UnsafeMutablePointer<Float>
    private lazy var plainLogits = workspace.matrix(rows: capacity.rows, columns: weight.rows)
    private var window: Window?

    /// The arguments of `loss`, for the backward pass.
    private struct Window {
        let hidden: MatrixView
        let left: LeftOperand  // used in the products with all groups of columns
        let gradientScale: Float
    }

    /// - Parameters:
    ///   - vocabularySize, hiddenSize: V and H of `decoder.weight` and `decoder.bias`.
    ///   - tied: the embedding's table, if it is also this layer's weight.
    public init(vocabularySize: Int, hiddenSize: Int, tied: Parameter?, _ builder: Builder) {
        capacity = builder.capacity
        isTied = tied != nil
        workspace = builder.workspace
        let shares = builder.settings.sharing == .all
        let role: Builder.GradientRole = shares ? .node : .rank
        let matrix = tied ?? builder.parameter("decoder.weight", [vocabularySize, hiddenSize], start: .table, role)
        weight = builder.gradient(of: matrix, role)
        bias = builder.parameter("decoder.bias", [vocabularySize], role)
        packed = builder.packed(weight, .forward)
        leftStorage = workspace.allocate(Float.self, count: packed.leftCount(rows: capacity.rows))
        packedBackward = builder.packedBackward(weight)
        softmax = SoftmaxRows(columns: vocabularySize, shares: shares, builder: builder)
    }

    /// Which gradients the ranks of a node should compute jointly, for `rankCount` ranks with `streams` streams in windows of
    /// `steps` steps.
    ///
    /// The choice includes this layer's gradients if the gradients of all logits fit into a cache and take less memory traffic
    /// than separate weight gradients. A separate weight gradient is written, which first reads its cache lines, and later read
    /// to be added: three times its size, for all ranks but one. Joint gradients need the gradients of the logits to be written
    /// and read.
    public static func gradientSharing(
        vocabularySize: Int, hiddenSize: Int, isTied: Bool, steps: Int, streams: Int, rankCount: Int
    ) -> GradientSharing {
        if rankCount == 1 { return .none }
        let rows = steps * streams
        let fits = rows * vocabularySize * MemoryLayout<Float>.size <= WindowCapacity.cacheBytes
        return !isTied && fits && 3 * (rankCount - 1) * hiddenSize > 2 * rows ? .all : .recurrent
    }

    /// Allocates the whole buffer at the first call.
    public func logits(_ hidden: MatrixView) -> MatrixView {
        let result = plainLogits.prefix(rows: hidden.rows)
        packed.multiply(hidden, into: result, from: .bias(bias.value))
        return result
    }

    public func loss(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, gradientScale: Float
    ) -> UnsafePointer<Double> {
        window = Window(hidden: hidden, left: packed.left(hidden, in: leftStorage), gradientScale: gradientScale)
        softmax.begin(rows: hidden.rows, targets: targets, mask: mask)
        for index in 0..<softmax.groupCount {
            makeLogits(index)
            softmax.take(index)
        }
        return softmax.losses()
    }

    /// Also computes the gradients of weight and bias. With tied weights, `tiedGradients` computes them.
    public func backward(dHidden: MatrixView, steps: Int, rows: GradientRows) {
        if isTied { return propagate(into: dHidden) }
        if let dLogits = softmax.shared {
            propagate(into: dHidden)
            return rows.groupedGradient(weight, bias: bias, steps: steps, dY: dLogits, x: asked.hidden)
        }
        let x = rows.pack(asked.hidden, steps: steps)
        for index in 0..<softmax.groupCount {
            let dLogits = makeGradient(index)
            propagate(dLogits, index, into: dHidden)
            parameterGradients(dLogits, index, steps: steps, rows: rows, x: x, tied: nil)
        }
    }

    private func propagate(into dHidden: MatrixView) {
        for index in 0..<softmax.groupCount { propagate(makeGradient(index), index, into: dHidden) }
    }

    public func tiedGradients(steps: Int, rows: GradientRows, tied: TokenOccurrences) {
        let x = rows.pack(asked.hidden, steps: steps)
        for index in 0..<softmax.groupCount {
            parameterGradients(makeGradient(index), index, steps: steps, rows: rows, x: x, tied: tied)
        }
    }

    // MARK: A group of columns

    private var asked: Window {
        guard let window else { preconditionFailure("`backward` without `loss`") }
        return window
    }

    private func makeLogits(_ index: Int) {
        let columns = softmax.columns(index)
        packed.multiply(
            asked.left, columns: columns, into: softmax.place(index), from: .bias(bias.value + columns.lowerBound))
    }

    /// Computes the gradient of the group's logits, and first recomputes the logits if they were not kept.
    private func makeGradient(_ index: Int) -> MatrixView {
        if !softmax.keepsGroups { makeLogits(index) }
        return softmax.gradient(index, scale: asked.gradientScale)
    }

    private func propagate(_ dLogits: MatrixView, _ index: Int, into dHidden: MatrixView) {
        guard let packedBackward else { preconditionFailure("backward pass of a model without training buffers") }
        packedBackward.multiply(dLogits, terms: softmax.columns(index), into: dHidden, from: index == 0 ? .zero : .result)
    }

    private func parameterGradients(
        _ dLogits: MatrixView, _ index: Int, steps: Int, rows: GradientRows, x: PackedRows, tied: TokenOccurrences?
    ) {
        rows.partialGradient(
            weight, bias: bias, firstRow: softmax.columns(index).lowerBound, steps: steps, dY: dLogits, x: x, tied: tied)
    }
}
