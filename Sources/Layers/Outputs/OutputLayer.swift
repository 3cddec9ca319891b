public import Tensors

/// The layer that turns hidden states into a distribution over the vocabulary, and computes the loss. No other layer uses logits.
public protocol OutputLayer: AnyObject {
    /// The logits of a few rows, `[rows, V]`, for example for generation.
    func logits(_ hidden: MatrixView) -> MatrixView

    /// The loss of each row in nats, 0 if `mask` is 0. `backward` then propagates the gradient of `gradientScale` times the sum
    /// of the losses.
    ///
    /// Shapes: `hidden` `[steps*streams, H]`, which must stay unchanged until `backward`; `targets`, `mask` and the result
    /// `[steps*streams]`.
    func loss(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, gradientScale: Float
    ) -> UnsafePointer<Double>

    /// The gradient of `hidden` `[steps*streams, H]`, overwritten, and those of the layer's parameters. Call it after `loss`.
    func backward(dHidden: MatrixView, steps: Int, rows: GradientRows)

    /// The gradients of the table and of the other parameters, for a layer whose weight is the embedding's table. Call it after
    /// `backward`. The rows of `tied`, those of the embedding, are added to the table's gradient.
    func tiedGradients(steps: Int, rows: GradientRows, tied: TokenOccurrences)
}
