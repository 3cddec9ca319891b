import Kinds
import Tensors

/// Recurrence through the units and through the outputs: `m = f(W_ih x + b_ih + W_hh oPrevious + b_hh + W_mm mPrevious)`, `o = g(V m + c)`,
/// with the parameters of `JordanCell` and `rnn.weight_mm_l<k>` `[H, H]`. The units m are a second state, zero at the start of an epoch.
///
/// Source: Elman 1990 and Jordan 1986. Kept for the backward pass besides the gates: T B (H + O) floats.
struct ElmanJordanCell: Cell {
    static let name = "elman-jordan"
    static let summary =
        "Recurrence through units and outputs, `m = f(W x + U m' + J o' + b)`, `o = g(V m + c)`; layers above read o (Elman 1990, Jordan 1986)."
    static let settings = JordanCell.settings
    static let gateCount = 1
    static let states = ["m"]
    static let learnedStates: [String] = []
    static let dividesUnits = false

    private let recurrent: RecurrentProduct
    private let ofUnits: CellWeight
    private let outputs: JordanOutputs
    private let kernel: CellKernel
    private let m: StepState

    static func outputSize(units: Int, _ settings: Settings) -> Int { JordanCell.outputSize(units: units, settings) }

    init(_ settings: Settings, _ builder: CellBuilder) {
        kernel = CellKernel("elman_" + settings[CellSettings.nonlinearity].rawValue)
        recurrent = builder.product()
        ofUnits = builder.weight("weight_mm", rows: builder.size.hiddenSize, columns: builder.size.hiddenSize)
        outputs = JordanOutputs(settings, builder)
        m = builder.state("m")
    }

    func forward(_ step: StepView, previous: MatrixView) {
        recurrent.multiply(previous, into: step.gates, from: .result)
        ofUnits.multiply(m.steps.slice(rows: step.range), into: step.gates, from: .result)
        kernel.forward(arithmetic(step))
        outputs.forward(step, units: m.after(step.range))
    }

    func backward(_ step: StepView) {
        outputs.backward(step, into: m.gradient, from: .result)
        kernel.backward(arithmetic(step))
        ofUnits.multiplyBackward(step.gates, into: m.gradient)
    }

    private func arithmetic(_ step: StepView) -> CellStep {
        var arithmetic = step.arithmetic
        arithmetic.h = m.after(step.range).pointer
        arithmetic.dH = m.gradient.pointer
        return arithmetic
    }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) { recurrent.multiplyBackward(dGates, into: dH) }

    func weightGradients(_ window: RecurrentWindow, input: MatrixView?) {
        window.layerGradients(input: input)
        let (used, streams) = (window.dGates.rows, m.first.rows)
        ofUnits.gradient(window, dY: window.dGates, x: m.steps.prefix(rows: used))
        outputs.gradients(window, units: m.steps.slice(rows: streams..<m.steps.rows))
    }
}
