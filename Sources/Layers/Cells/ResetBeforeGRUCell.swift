import Kinds
import Tensors

/// The gated recurrent unit with the reset before the product:
/// `n = tanh(W_in x + b_in + W_hn (r*hPrevious) + b_hn)`, `h = (1-z)*n + z*hPrevious`; gates r z n.
///
/// Source: Cho et al. 2014, equations 5 to 8, with PyTorch's meaning of z. A step has two recurrent products, first for r and z,
/// then for n, so ranks do not divide its units. Kept for the backward pass besides the gates: T B H floats.
struct ResetBeforeGRUCell: Cell {
    static let name = GRUCell.name
    static let summary = "The GRU with the reset before the product."
    static let gateCount = 3
    static let gates = GRUCell.gates
    static let dividesUnits = false

    private let resetKernel = CellKernel("gru_reset")
    private let candidateKernel = CellKernel("gru_candidate")
    private let resetHidden: MatrixView  // [T*B, H]: r*hPrevious
    private let dResetHidden: MatrixView  // [B, H]
    private let resetUpdate: RecurrentPart  // W_hr and W_hz, [2H, H]
    private let candidate: RecurrentPart  // W_hn, [H, H]

    init(_ settings: Settings, _ builder: CellBuilder) {
        resetHidden = builder.stepRows()
        dResetHidden = builder.stepGradient()
        resetUpdate = builder.product(gates: 0..<2)
        candidate = builder.product(gates: 2..<3)
    }

    func forward(_ step: StepView, previous: MatrixView) {
        resetUpdate.multiply(previous, into: step.gates)
        resetKernel.forward(arithmetic(step))
        candidate.multiply(step.rows(of: resetHidden), into: step.gates)
        candidateKernel.forward(step.arithmetic)
    }

    func backward(_ step: StepView) {
        candidateKernel.backward(step.arithmetic)
        candidate.multiplyBackward(step.gates, into: dResetHidden)
        resetKernel.backward(arithmetic(step))
    }

    private func arithmetic(_ step: StepView) -> CellStep {
        var arithmetic = step.arithmetic
        arithmetic.kept = step.rows(of: resetHidden).pointer
        arithmetic.dKept = dResetHidden.pointer
        return arithmetic
    }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) {
        resetUpdate.multiplyBackward(dGates, into: dH, from: .result)
    }

    func weightGradients(_ window: RecurrentWindow, input: MatrixView?) {
        if let input { window.inputGradient(input) }
        window.copyBiasGradient()
        resetUpdate.gradient(window, x: window.hPrevious)
        candidate.gradient(window, x: window.used(resetHidden))
    }
}
