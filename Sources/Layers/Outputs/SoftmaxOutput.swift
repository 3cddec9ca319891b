public import Tensors

/// Linear output with softmax and cross entropy: `logits = h W^T + b`, loss `-log softmax(logits)[target]` in nats.
///
/// Logits are made and used a group of columns at a time. Where all of a window's would outgrow the cache they are not kept: the
/// backward pass makes each group again, to the same bits, and no buffer grows with the vocabulary.
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

    /// What `loss` was asked, for the backward pass.
    private struct Window {
        let hidden: MatrixView
        let left: LeftOperand  // the same for the products with groups of columns
        let gradientScale: Float
    }

    /// - Parameters:
    ///   - vocabularySize, hiddenSize: V and H of `decoder.weight` and `decoder.bias`.
    ///   - tied: the embedding's table, where it is the weight as well.
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

    /// Which gradients ranks should compute together that work on one node: `rankCount` of them with `streams` streams, in windows of `steps`.
    ///
    /// Those of this layer where the gradients of all logits, which have to be written then, take less than the weight's gradients that
    /// are not, and fit into a cache. A weight's gradient is written, which reads it first, and read to be added: three times its size,
    /// for all ranks but one; those of logits are written and read again.
    public static func gradientSharing(
        vocabularySize: Int, hiddenSize: Int, isTied: Bool, steps: Int, streams: Int, rankCount: Int
    ) -> GradientSharing {
        if rankCount == 1 { return .none }
        let rows = steps * streams
        let fits = rows * vocabularySize * MemoryLayout<Float>.size <= WindowCapacity.cacheBytes
        return !isTied && fits && 3 * (rankCount - 1) * hiddenSize > 2 * rows ? .all : .recurrent
    }

    /// The whole buffer is made at the first call.
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

    /// The gradients of weight and bias as well; with tied weights they wait for `tiedGradients`.
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
        guard let window else { preconditionFailure("a backward pass follows a loss") }
        return window
    }

    private func makeLogits(_ index: Int) {
        let columns = softmax.columns(index)
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
        packedBackward.multiply(dLogits, terms: softmax.columns(index), into: dHidden, from: index == 0 ? .zero : .result)
    }

    private func parameterGradients(
        _ dLogits: MatrixView, _ index: Int, steps: Int, rows: GradientRows, x: PackedRows, tied: TokenOccurrences?
    ) {
        rows.partialGradient(
            weight, bias: bias, firstRow: softmax.columns(index).lowerBound, steps: steps, dY: dLogits, x: x, tied: tied)
    }
}
