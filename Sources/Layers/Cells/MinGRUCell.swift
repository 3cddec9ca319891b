import Kinds
import Tensors

/// The GRU without recurrent products: `z = s(W_iz x + b_iz)`, `n = g(W_in x + b_in)`, `h = (1-z)*hPrevious + z*n`; gates z n.
/// `g(v)` is v + 1/2 for `v >= 0`, otherwise the logistic function of v.
///
/// `z` corresponds to `1-z` of a GRU.
///
/// Source: Feng et al. 2024, "Were RNNs all we needed?", section 3.1, with the g of its log-space form and with biases, as in its
/// Linear layers.
struct MinGRUCell: ElementwiseCell {
    static let name = "mingru"
    static let summary =
        "The GRU whose gates read the input alone, `h = (1-z)*h' + z*g(W x + b)`, without a product in the time loop (Feng et al. 2024)."
    static let gateCount = 2

    private let kernel = CellKernel("mingru")

    init(_ settings: Settings, _ builder: CellBuilder) {}

    func forward(_ step: StepView, previous: MatrixView) { kernel.forward(step.arithmetic) }

    func backward(_ step: StepView) { kernel.backward(step.arithmetic) }
}
