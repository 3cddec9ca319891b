public import Kinds
import Tensors

extension CellSettings {
    public static let projectionSize = Setting(
        "projection-size", 0, range: .whole(1...1_000_000, orZero: "for as many as hidden units"), placeholder: "n",
        isNew: true,
        "Columns of the output of each layer, which the next layer and the recurrence read: an LSTM's projection, below --hidden-size; the outputs of a Jordan cell."
    )
}

/// The LSTM with a projection: `h = P (o*tanh(c))`, P `rnn.weight_hr_l<k>` `[R, H]`. Recurrence, layers above and output read h `[R]`.
///
/// Source: Sak, Senior & Beaufays 2014; layout of torch.nn.LSTM with `proj_size`. Kept for the backward pass besides the gates: T B (3 H + R) floats.
struct ProjectedLSTMCell: Cell {
    static let name = LSTMCell.name
    static let summary = "The LSTM with a projection."
    static let gateCount = 4
    static let gates = [CellGate("i"), CellGate("f"), CellGate("g", isSigmoid: false), CellGate("o")]
    static let states = ["c"]
    static let forgetGate: Int? = 1
    static let dividesUnits = false

    private let kernel = CellKernel("lstm")
    private let recurrent: RecurrentProduct
    private let projection: OutputProjection
    private let c: StepState
    private let tanhC: MatrixView  // [T*B, H]
    private let units: MatrixView  // [T*B, H]: o*tanh(c)
    private let dUnits: MatrixView  // [B, H]

    static func outputSize(units: Int, _ settings: Settings) -> Int { LSTMCell.outputSize(units: units, settings) }

    init(_ settings: Settings, _ builder: CellBuilder) {
        recurrent = builder.product()
        projection = OutputProjection(weight: "weight_hr", builder)
        c = builder.state("c")
        tanhC = builder.stepRows()
        units = builder.stepRows()
        dUnits = builder.stepGradient()
    }

    func forward(_ step: StepView, previous: MatrixView) {
        recurrent.multiply(previous, into: step.gates, from: .result)
        kernel.forward(arithmetic(step))
        projection.forward(step.rows(of: units), into: step.h)
    }

    func backward(_ step: StepView) {
        RowKernels.copy(step.dH, into: projection.gradientRows(step))
        projection.backward(step, into: dUnits)
        kernel.backward(arithmetic(step))
    }

    private func arithmetic(_ step: StepView) -> CellStep {
        var arithmetic = step.arithmetic
        arithmetic.h = step.rows(of: units).pointer
        arithmetic.dH = dUnits.pointer
        arithmetic.state = c.at(step.range)
        arithmetic.kept = step.rows(of: tanhC).pointer
        return arithmetic
    }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) { recurrent.multiplyBackward(dGates, into: dH) }

    func weightGradients(_ window: RecurrentWindow, input: MatrixView?) {
        window.layerGradients(input: input)
        projection.gradients(window, units: units)
    }
}
