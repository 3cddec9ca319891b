import Kinds
import Tensors

/// Long short-term memory: `c = f*cPrevious + i*g`, `h = o*tanh(c)`; gates i f g o.
///
/// Source: Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000; layout of torch.nn.LSTM.
/// Kept for the backward pass besides the gates: 2 T B H floats.
struct LSTMCell: Cell {
    static let name = "lstm"
    static let summary =
        "Long short-term memory, `c = f*c' + i*g`, `h = o*tanh(c)` (Hochreiter & Schmidhuber 1997, Gers et al. 2000, as torch.nn.LSTM)."
    static let settings: [any DeclaredSetting] = [
        CellSettings.projectionSize, CellSettings.layerNorm, CellSettings.transitionSize, CellSettings.timeSkips,
    ]
    static let gateCount = 4
    static let gates = [CellGate("i"), CellGate("f"), CellGate("g", isSigmoid: false), CellGate("o")]
    static let states = ["c"]
    static let forgetGate: Int? = 1

    private let kernel = CellKernel("lstm")
    private let recurrent: RecurrentProduct
    private let c: StepState
    private let tanhC: MatrixView  // [T*B', U]

    init(_ settings: Settings, _ builder: CellBuilder) {
        recurrent = builder.product()
        c = builder.state("c")
        tanhC = builder.stepRows()
    }

    static func outputSize(units: Int, _ settings: Settings) -> Int {
        let size = settings[CellSettings.projectionSize]
        return size == 0 ? units : size
    }

    static func layer(_ shape: RecurrentShape, _ builder: Builder) -> any RecurrentLayer {
        if shape.settings[CellSettings.layerNorm] { return Recurrence<NormalizedLSTMCell>(shape, builder) }
        if shape.settings[CellSettings.projectionSize] > 0 { return Recurrence<ProjectedLSTMCell>(shape, builder) }
        return Recurrence<LSTMCell>(shape, builder)
    }

    func forward(_ step: StepView, previous: MatrixView) {
        recurrent.multiply(previous, into: step.gates, from: .result)
        kernel.forward(arithmetic(step))
    }

    func backward(_ step: StepView) { kernel.backward(arithmetic(step)) }

    private func arithmetic(_ step: StepView) -> CellStep {
        var arithmetic = step.arithmetic
        arithmetic.state = c.at(step.range)
        arithmetic.kept = step.rows(of: tanhC).pointer
        return arithmetic
    }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) { recurrent.multiplyBackward(dGates, into: dH) }
}
