import Kinds
import Tensors

/// The hidden layer of a feed-forward language model: `h = f(W_ih x + sum over k of V_k x(t-k) + b_ih)` for k from 1 to n - 1, which is one matrix
/// times the concatenation of the last n input vectors; f is tanh, relu or the logistic function.
///
/// Source: Bengio et al. 2003, section 2, without the direct connections from the vectors to the output. Kept for the backward pass: T B H floats,
/// and the inputs.
struct FeedForwardCell: ElementwiseCell {
    static let name = "feed-forward"
    static let summary =
        "No recurrence: `h = f(W x + V1 x' + V2 x'' + ... + b)` of the last `--context` input vectors (Bengio et al. 2003)."
    static let settings: [any DeclaredSetting] = [CellSettings.context, CellSettings.nonlinearity]
    static let gateCount = 1
    static let learnsFirstState = false
    static let readsContext = true

    private let kernel: CellKernel

    init(_ settings: Settings, _ builder: CellBuilder) {
        kernel = CellKernel("elman_" + settings[CellSettings.nonlinearity].rawValue)
    }

    func forward(_ step: StepView, previous: MatrixView) { kernel.forward(step.arithmetic) }

    func backward(_ step: StepView) {
        kernel.backward(step.arithmetic)
        // No step reads the previous h.
        step.dH.pointer.update(repeating: 0, count: step.dH.count)
    }
}
