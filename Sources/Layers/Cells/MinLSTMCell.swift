import Kinds
import Tensors

/// The LSTM without recurrent products and cell state: `f, i = s(W_i x + b_i)`, `n = g(W_in x + b_in)`, `h = (f*hPrevious + i*n)
/// / (f + i)` with the g of `MinGRUCell`; gates f i n.
///
/// Source: Feng et al. 2024, "Were RNNs all we needed?", section 3.2, with the g of its log-space form and with biases, as in its
/// Linear layers.
struct MinLSTMCell: ElementwiseCell {
    static let name = "minlstm"
    static let summary =
        "The LSTM whose gates read the input alone, `h = (f*h' + i*g(W x + b)) / (f+i)`, without a product in the time loop (Feng et al. 2024)."
    static let gateCount = 3
    static let forgetGate: Int? = 0

    private let kernel = CellKernel("minlstm")

    init(_ settings: Settings, _ builder: CellBuilder) {}

    func forward(_ step: StepView, previous: MatrixView) { kernel.forward(step.arithmetic) }

    func backward(_ step: StepView) { kernel.backward(step.arithmetic) }
}
