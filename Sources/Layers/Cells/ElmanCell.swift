public import Kinds
import Tensors

/// The activation of an Elman cell.
public enum Nonlinearity: String, ConfigurationChoice {
    case tanh, relu, sigmoid
}

extension CellSettings {
    public static let nonlinearity = Setting("nonlinearity", Nonlinearity.tanh, "The function f in the equations of the cell.")
}

/// The simple recurrent network: `h = f(W_ih x + b_ih + W_hh hPrevious + b_hh)`; f is tanh, relu or the logistic function.
///
/// Source: Elman 1990; layout of torch.nn.RNN. With relu and an identity recurrent matrix: Le, Jaitly & Hinton 2015.
struct ElmanCell: Cell {
    static let name = "elman"
    static let summary = "The simple recurrent net, `h = f(W x + U h' + b)` (Elman 1990, as torch.nn.RNN)."
    static let settings: [any DeclaredSetting] = [
        CellSettings.nonlinearity, CellSettings.transitionSize, CellSettings.timeSkips,
    ]
    static let gateCount = 1
    static let isBoundedByRecurrentMatrix = true

    private let kernel: CellKernel
    private let recurrent: RecurrentProduct

    init(_ settings: Settings, _ builder: CellBuilder) {
        kernel = CellKernel("elman_" + settings[CellSettings.nonlinearity].rawValue)
        recurrent = builder.product()
    }

    func forward(_ step: StepView, previous: MatrixView) {
        recurrent.multiply(previous, into: step.gates, from: .result)
        kernel.forward(step.arithmetic)
    }

    func backward(_ step: StepView) { kernel.backward(step.arithmetic) }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) { recurrent.multiplyBackward(dGates, into: dH) }
}
