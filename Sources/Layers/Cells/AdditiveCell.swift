import Kinds
import Tensors

/// Purely additive units: `h = hPrevious + tanh(W_ih x + b_ih + W_hh hPrevious + b_hh)`.
///
/// These units cannot forget: the gradient of h reaches every earlier step unattenuated.
///
/// Source: the constant error carousel of Hochreiter & Schmidhuber 1997, without gates.
struct AdditiveCell: Cell {
    static let name = "additive"
    static let summary = "Purely additive units, `h = h' + tanh(W x + U h' + b)`, which cannot forget."
    static let gateCount = 1

    private let kernel = CellKernel("additive")
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
