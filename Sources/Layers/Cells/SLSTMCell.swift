import Kinds
import Tensors

/// Long short-term memory with an exponential input gate and a normaliser: `c = f*cPrevious + exp(i)*tanh(z)`, `n = f*nPrevious + exp(i)`,
/// `h = s(o)*c/n` with `f = s(...)`; gates i f z o.
///
/// c and n are stored divided by `exp(m)`, with `m = max(i, mPrevious + log f)`, so nothing overflows. h does not depend on m, so
/// m has no gradient. Before the first step c/n is undefined, so only the initial h may be learned.
///
/// Source: Beck et al. 2024 (xLSTM), section 2.2 and appendix A.1, with one head, that is, with recurrent weights that are not
/// block-diagonal.
/// Kept for the backward pass besides the gates: 2 T B H floats and those of the states.
struct SLSTMCell: Cell {
    static let name = "slstm"
    static let summary =
        "LSTM with an exponential input gate and a normaliser, `c = f*c' + exp(i)*tanh(z)`, `n = f*n' + exp(i)`, `h = o*c/n` (Beck et al. 2024)."
    static let gateCount = 4
    static let gateNames = ["i", "f", "z", "o"]
    static let states = ["c", "n", "m"]
    static let learnedStates: [String] = []
    static let constantStates = ["m"]
    static let forgetGate: Int? = 1

    private let kernel = CellKernel("slstm")
    private let recurrent: RecurrentProduct
    private let c: StepState
    private let n: StepState
    private let m: StepState
    private let forgetSlope: MatrixView  // [T*B', U]: the derivative of log f by its preactivation

    init(_ settings: Settings, _ builder: CellBuilder) {
        recurrent = builder.product()
        c = builder.state("c")
        n = builder.state("n")
        m = builder.state("m")
        forgetSlope = builder.stepRows()
    }

    func forward(_ step: StepView, previous: MatrixView) {
        recurrent.multiply(previous, into: step.gates, from: .result)
        kernel.forward(arithmetic(step))
    }

    func backward(_ step: StepView) { kernel.backward(arithmetic(step)) }

    private func arithmetic(_ step: StepView) -> CellStep {
        var arithmetic = step.arithmetic
        arithmetic.state = c.at(step.range)
        arithmetic.normaliser = n.at(step.range)
        arithmetic.stabiliser = m.at(step.range)
        arithmetic.kept = step.rows(of: forgetSlope).pointer
        return arithmetic
    }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) { recurrent.multiplyBackward(dGates, into: dH) }
}
