import Kinds
import Tensors

/// Linear output with softmax and cross entropy: `logits = h W^T + b`, loss `-log softmax(logits)[target]` in nats.
///
/// Source: torch.nn.Linear with torch.nn.CrossEntropyLoss. Cost: 2 H V operations a token forward, 4 H V backward.
final class SoftmaxOutput: OutputLayer {
    static let name = "full"
    static let summary = "Linear layer and softmax over the whole vocabulary, `softmax(W h + b)`."
    static let settings: [any DeclaredSetting] = [
        OutputSettings.maxEntOrder, OutputSettings.maxEntSize, OutputSettings.logitMemory,
    ]
    static let mayBeTied = true

    private let linear: LinearSoftmax
    private let direct: DirectWeights?  // [R, V]
    private let isTied: Bool
    private let capacity: WindowCapacity
    private let workspace: Workspace
    private lazy var plainLogits = PlainLogits(workspace, capacity, columns: linear.weight.rows)
    private var window: Window?

    /// The arguments of `loss`, for the backward pass.
    private struct Window {
        let hidden: MatrixView
        let gradientScale: Float
    }

    init(_ shape: OutputShape, tied: Parameter?, _ builder: Builder) {
        capacity = builder.capacity
        isTied = tied != nil
        workspace = builder.workspace
        let shares = builder.settings.sharing == .all
        let role: Builder.GradientRole = shares ? .node : .rank
        let matrix =
            tied ?? builder.parameter("decoder.weight", [shape.vocabularySize, shape.hiddenSize], start: .table, role)
        linear = LinearSoftmax(
            weight: builder.gradient(of: matrix, role), bias: builder.parameter("decoder.bias", [shape.vocabularySize], role),
            shares: shares, logitMemory: shape.logitMemory, builder)
        direct = shape.features.map {
            DirectWeights(
                "decoder.direct.weight", size: shape.settings[OutputSettings.maxEntSize], columns: shape.vocabularySize, $0,
                builder)
        }
        linear.direct = direct.map { .init(weights: $0) }
    }

    static func work(_ shape: OutputShape, targets: (Range<Int>) -> Double) -> TokenWork? {
        TokenWork(weightCount: shape.vocabularySize * shape.hiddenSize)
    }

    /// The choice includes this layer's gradients if the gradients of all logits fit into a cache and take less memory traffic
    /// than separate weight gradients. A separate weight gradient is written, which first reads its cache lines, and later read
    /// to be added: three times its size, for all ranks but one. Joint gradients need the gradients of the logits to be written
    /// and read.
    static func gradientSharing(_ shape: OutputShape, steps: Int, streams: Int, rankCount: Int) -> GradientSharing {
        if rankCount == 1 { return .none }
        let rows = steps * streams
        let fits = rows * shape.vocabularySize * MemoryLayout<Float>.size <= WindowCapacity.cacheBytes
        return !shape.isTied && fits && 3 * (rankCount - 1) * shape.hiddenSize > 2 * rows ? .all : .recurrent
    }

    /// Allocates the whole buffer at the first call.
    func logits(_ hidden: MatrixView) -> MatrixView {
        let result = plainLogits.prefix(rows: hidden.rows)
        direct?.begin(rows: hidden.rows) { _ in 0 }
        linear.logits(hidden, into: result)
        return result
    }

    func loss(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, training: TrainingLoss?
    ) -> UnsafePointer<Double> {
        window = Window(hidden: hidden, gradientScale: training?.gradientScale ?? 0)
        direct?.begin(rows: hidden.rows) { mask[$0] == 0 ? -1 : 0 }
        return linear.losses(hidden, targets: targets, mask: mask)
    }

    /// Computes the product with the weight once. Allocates the whole buffer at the first call.
    func scores(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>
    ) -> (losses: UnsafePointer<Double>, logits: MatrixView) {
        let logits = plainLogits.prefix(rows: hidden.rows)
        direct?.begin(rows: hidden.rows) { _ in 0 }
        return (linear.losses(hidden, targets: targets, mask: mask, logits: logits), logits)
    }

    /// Also computes the gradients of weight and bias. With tied weights, `tiedGradients` computes them.
    func backward(dHidden: MatrixView, steps: Int, rows: GradientRows) {
        let scale = asked.gradientScale
        direct?.beginGradient(steps: steps, rows: rows)
        if isTied { return linear.propagate(scale: scale, into: dHidden) }
        if let dLogits = linear.shared, let bias = linear.bias {
            linear.propagate(scale: scale, into: dHidden)
            return rows.groupedGradient(linear.weight, bias: bias, steps: steps, dY: dLogits, x: asked.hidden)
        }
        linear.backward(scale: scale, into: dHidden, x: rows.pack(asked.hidden, steps: steps), steps: steps, rows: rows)
    }

    func tiedGradients(steps: Int, rows: GradientRows, tied: TokenOccurrences) {
        linear.parameterGradients(
            scale: asked.gradientScale, x: rows.pack(asked.hidden, steps: steps), steps: steps, rows: rows, tied: tied)
    }

    private var asked: Window {
        guard let window else { preconditionFailure("`backward` without `loss`") }
        return window
    }
}
