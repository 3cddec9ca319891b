import Kinds
import Tensors

/// A GRU with only an update gate: `u = s(W_iu x + b_iu + W_hu hPrevious + b_hu)`, `n = tanh(W_in x + b_in + W_hn hPrevious +
/// b_hn)`, `h = u*n + (1-u)*hPrevious`; gates u n.
///
/// Source: the GRU of Cho et al. 2014 without its reset gate, with `u` for `1-z`; Ravanelli et al. 2018 use it with relu.
struct UpdateGateCell: Cell {
    static let name = "update-gate"
    static let summary = "The update gate alone, `h = u*n + (1-u)*h'`: a GRU without its reset gate."
    static let gateCount = 2
    static let gates = [CellGate("u"), CellGate("n", isSigmoid: false)]

    private let kernel = CellKernel("update_gate")
    private let recurrent: RecurrentProduct

    init(_ settings: Settings, _ builder: CellBuilder) { recurrent = builder.product() }

    func forward(_ step: StepView, previous: MatrixView) {
        recurrent.multiply(previous, into: step.gates, from: .result)
        kernel.forward(step.arithmetic)
    }

    func backward(_ step: StepView) { kernel.backward(step.arithmetic) }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) {
        recurrent.multiplyBackward(dGates, into: dH, from: .result)
    }
}
