public import Tensors

/// Linear output with softmax and cross entropy: `logits = h W^T + b`, loss `-log softmax(logits)[target]` in nats.
///
/// Kept for the backward pass: T B V floats.
public final class OutputLayer {
    private let weight: Parameter  // [V, H]
    private let bias: Parameter  // [V]
    private let capacity: WindowCapacity
    private let packed: PackedMatrix
    private let packedBackward: PackedMatrix?
    /// Logits, then their gradient: `[T*B, V]`.
    public let logits: MatrixView
    private let losses: UnsafeMutablePointer<Double>  // [T*B]

    /// - Parameter weight: `decoder.weight` `[V, H]`, or the embedding's table where weights are tied.
    public init(weight: Parameter, bias: Parameter, capacity: WindowCapacity, workspace: Workspace) {
        self.weight = weight
        self.bias = bias
        self.capacity = capacity
        packed = PackedMatrix(inner: weight.columns, columns: weight.rows, workspace: workspace)
        packedBackward =
            capacity.training ? PackedMatrix(inner: weight.rows, columns: weight.columns, workspace: workspace) : nil
        logits = workspace.matrix(rows: capacity.rows, columns: weight.rows)
        losses = workspace.allocate(Double.self, count: capacity.rows)
    }

    /// Takes up the parameters as they are now.
    public func prepare() {
        packed.packTransposed(weight.matrix)
        packedBackward?.pack(weight.matrix)
    }

    /// `logits` of the window's rows. Shape: `hidden` `[steps*streams, H]`.
    public func forward(_ hidden: MatrixView) {
        let used = logits.prefix(rows: hidden.rows)
        RowKernels.fill(used, bias: bias.value)
        packed.multiply(hidden, into: used, accumulate: true)
    }

    /// The loss of each row, in nats, 0 where `mask` is 0; with `gradientScale` not 0, `logits` become their own gradient times it.
    ///
    /// Shapes: `targets`, `mask` and the result `[steps*streams]`.
    public func loss(
        rows: Int, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, gradientScale: Float
    ) -> UnsafePointer<Double> {
        RowKernels.softmaxLoss(
            logits.prefix(rows: rows), targets: targets, mask: mask, gradientScale: gradientScale, losses: losses)
        return UnsafePointer(losses)
    }

    /// The gradient of `hidden`, `[steps*streams, H]`, overwritten; after `loss` with a gradient.
    public func backward(dHidden: MatrixView) {
        guard let packedBackward else { preconditionFailure("a backward pass through a model made for inference") }
        packedBackward.multiply(logits.prefix(rows: dHidden.rows), into: dHidden, accumulate: false)
    }

    /// The gradients of weight and bias; `tied` adds the embedding's rows where the table is shared.
    public func gradients(_ hidden: MatrixView, steps: Int, rows: GradientRows, tied: TokenOccurrences?) {
        let dLogits = logits.prefix(rows: hidden.rows)
        rows.weightGradient(weight, steps: steps, dY: dLogits, x: hidden, tied: tied)
        rows.biasGradient(bias, steps: steps, dY: dLogits)
    }
}
