public import Tensors

/// The layer that turns hidden states into a distribution over the vocabulary, with its loss: the only one that knows logits.
public protocol OutputLayer: AnyObject {
    /// The logits of a few rows, `[rows, V]`, as for generation.
    func logits(_ hidden: MatrixView) -> MatrixView

    /// The loss of each row, in nats, 0 where `mask` is 0; `backward` then gives the gradient of `gradientScale` times their sum.
    ///
    /// Shapes: `hidden` `[steps*streams, H]`, which must stay until `backward`; `targets`, `mask` and the result `[steps*streams]`.
    func loss(
        _ hidden: MatrixView, targets: UnsafePointer<Int32>, mask: UnsafePointer<Float>, gradientScale: Float
    ) -> UnsafePointer<Double>

    /// The gradient of `hidden` `[steps*streams, H]`, overwritten, and those of the layer's parameters; after `loss`.
    func backward(dHidden: MatrixView, steps: Int, rows: GradientRows)

    /// For a layer whose weight is the embedding's table: the table's gradient and those of the other parameters, after `backward`. `tied` are the
    /// embedding's rows, which are added.
    func tiedGradients(steps: Int, rows: GradientRows, tied: TokenOccurrences)
}
