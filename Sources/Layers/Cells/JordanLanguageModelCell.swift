import Kinds
import Tensors

/// The Jordan language model: recurrence through the distribution over the vocabulary that the model gave one step before,
/// `m = f(W_ih x + b_ih + W_hh oPrevious + b_hh)`, `o = softmax(V m + c)`. o `[V]` is the layer's h and the model's output.
///
/// It is the ``JordanCell`` with as many outputs as classes, and has its parameters; there is no other output layer. Each step needs
/// the whole softmax of the one before, and the gradient passes through it: `4 H V` operations a token forward, none of which can be
/// computed for a window at once.
/// Source: Jordan 1986, with the output of a language model. Kept for the backward pass besides the gates: T B (H + V) floats.
struct JordanLanguageModelCell: Cell {
    static let name = "jordan-lm"
    static let summary =
        "Recurrence through the model's distribution, `m = f(W x + J o' + b)`, `o = softmax(V m + c)`; o is the output (Jordan 1986). One layer, at most 1,000 tokens."
    static let settings: [any DeclaredSetting] = [CellSettings.nonlinearity, CellSettings.timeSkips]
    static let gateCount = 1
    static let dividesUnits = false
    static let predictsClasses = true

    private let cell: JordanCell

    init(_ settings: Settings, _ builder: CellBuilder) { cell = JordanCell(settings, builder) }

    func forward(_ step: StepView, previous: MatrixView) { cell.forward(step, previous: previous) }

    func backward(_ step: StepView) { cell.backward(step) }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) { cell.productBackward(dGates, dH: dH) }

    func weightGradients(_ window: RecurrentWindow, input: MatrixView?) { cell.weightGradients(window, input: input) }
}
