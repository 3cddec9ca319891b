import Kinds
import Tensors

/// The simple recurrent network whose state is the preactivation: `a = W_ih x + b_ih + W_hh f(aPrevious) + b_hh`. Layers above
/// read `f(a)`.
///
/// With `h = f(a)` the steps equal those of `ElmanCell`, and h is carried and saved in checkpoints. The two forms differ at the
/// start of an epoch: here the initial h is f of zero or of the learned state (`rnn.h0_l0` and so on).
///
/// Source: Pascanu, Mikolov & Bengio 2013, equation 2.
struct ElmanPreCell: Cell {
    static let name = "elman-pre"
    static let summary =
        "The simple recurrent net with the preactivation as state, `a = W x + U f(a') + b`, read as `f(a)` (Pascanu et al. 2013)."
    static let settings: [any DeclaredSetting] = [CellSettings.nonlinearity, CellSettings.timeSkips]
    static let gateCount = 1
    static let isBoundedByRecurrentMatrix = true

    private let kernel: CellKernel
    private let recurrent: RecurrentProduct

    init(_ settings: Settings, _ builder: CellBuilder) {
        kernel = CellKernel("elman_" + settings[CellSettings.nonlinearity].rawValue)
        recurrent = builder.product()
    }

    func start(_ state: CellStep) { kernel.forward(state) }

    func startBackward(_ state: CellStep) { kernel.backward(state) }

    func forward(_ step: StepView, previous: MatrixView) {
        recurrent.multiply(previous, into: step.gates, from: .result)
        kernel.forward(step.arithmetic)
    }

    func backward(_ step: StepView) { kernel.backward(step.arithmetic) }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) { recurrent.multiplyBackward(dGates, into: dH) }
}
