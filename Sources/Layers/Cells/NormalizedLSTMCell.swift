public import Kinds
import Tensors

extension CellSettings {
    public static let layerNorm = Setting(
        "layer-norm", false, isNew: true,
        "Normalize the LSTM's two products, and c before its tanh, over the units of a layer (Ba et al. 2016).")
}

/// The LSTM with layer normalization: preactivations `LN(W_ih x; gain_ih, bias_ih) + LN(W_hh hPrevious; gain_hh, bias_hh)`, each over all 4H
/// rows, `c = f*cPrevious + i*g`, `h = o*tanh(LN(c; gain_c, bias_c))`, with `LN(a; gain, bias) = gain * (a - mean) / sqrt(variance + 1e-5) + bias`.
/// Gains are initially 1.
///
/// Source: Ba, Kiros & Hinton 2016, equations 20 to 22; 1e-5 as in torch.nn.LayerNorm. Kept for the backward pass besides the gates:
/// 11 T B H floats.
struct NormalizedLSTMCell: Cell {
    static let name = LSTMCell.name
    static let summary = "The LSTM with layer normalization."
    static let gateCount = 4
    static let gateNames = LSTMCell.gates.map(\.name)
    static let states = ["c"]
    static let forgetGate: Int? = 1
    static let addsBiasesItself = true
    static let dividesUnits = false

    private let gates = CellKernel("lstm_state")
    private let output = CellKernel("lstm_output")
    private let recurrent: RecurrentProduct
    private let fromHidden: GateRows  // W_hh h, normalized, then its gradient
    private let c: StepState
    private let tanhC: MatrixView  // [T*B, H]
    private let dNormalC: MatrixView  // [B, H]
    private let ofInput: LayerNorm
    private let ofHidden: LayerNorm
    private let ofC: LayerNorm
    private let normalInput: MatrixView  // [T*B, 4H]
    private let normalC: MatrixView  // [T*B, H]

    init(_ settings: Settings, _ builder: CellBuilder) {
        let columns = Self.gateCount * builder.size.hiddenSize
        recurrent = builder.product()
        fromHidden = builder.gateRows()
        c = builder.state("c")
        tanhC = builder.stepRows()
        dNormalC = builder.stepGradient()
        normalInput = builder.stepRows(columns: columns)
        normalC = builder.stepRows()
        let bias = builder.unitVector(builder.parameters.biasInput)
        let biasHidden = builder.unitVector(builder.parameters.biasHidden, gradient: bias.gradient)
        ofInput = LayerNorm(gain: "gain_ih", bias: bias, builder)
        ofHidden = LayerNorm(gain: "gain_hh", bias: biasHidden, builder)
        ofC = LayerNorm(gain: "gain_c", bias: builder.unitVector("bias_c", start: .zero), builder)
    }

    func forward(_ step: StepView, previous: MatrixView) {
        let hidden = step.rows(of: fromHidden)
        recurrent.multiply(previous, into: hidden, from: .zero)
        ofInput.forward(step, step.gates, normal: step.rows(of: normalInput), into: step.gates, adding: false)
        ofHidden.forward(step, hidden, normal: hidden, into: step.gates, adding: true)
        gates.forward(arithmetic(step))
        ofC.forward(step, c.after(step.range), normal: step.rows(of: normalC), into: step.rows(of: tanhC), adding: false)
        output.forward(arithmetic(step))
    }

    func backward(_ step: StepView) {
        let hidden = step.rows(of: fromHidden)
        output.backward(arithmetic(step))
        ofC.backward(step, dNormalC, normal: step.rows(of: normalC), into: c.gradient, adding: true)
        gates.backward(arithmetic(step))
        ofHidden.backward(step, step.gates, normal: hidden, into: hidden, adding: false, countsBias: false)
        ofInput.backward(step, step.gates, normal: step.rows(of: normalInput), into: step.gates, adding: false)
    }

    private func arithmetic(_ step: StepView) -> CellStep {
        var arithmetic = step.arithmetic
        arithmetic.state = c.at(step.range)
        arithmetic.kept = step.rows(of: tanhC).pointer
        arithmetic.dKept = dNormalC.pointer
        return arithmetic
    }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) { recurrent.multiplyBackward(dGates, into: dH) }

    func weightGradients(_ window: RecurrentWindow, input: MatrixView?) {
        let (parameters, rows) = (window.parameters, window.rows)
        if let input { rows.weightGradient(parameters.weightInput, steps: window.steps, dY: window.dGates, x: input) }
        rows.weightGradient(
            parameters.weightHidden, steps: window.steps, dY: window.used(fromHidden.window), x: window.hPrevious)
    }
}

/// One layer normalization of a cell's steps, `y = gain * (x - mean) / sqrt(variance + 1e-5) + bias` over the columns of each row.
private struct LayerNorm {
    private let gain: UnitVector
    private let bias: UnitVector
    private let scales: MatrixView  // [T*B, 1]: 1 / sqrt(variance + 1e-5)

    init(gain: String, bias: UnitVector, _ builder: CellBuilder) {
        self.gain = builder.unitVector(gain, columns: bias.parameter.columns, start: .spread(from: 1, to: 1))
        self.bias = bias
        scales = builder.stepRows(columns: 1)
    }

    /// Computes `y` from `x`, or adds to it; `normal` is kept for the backward pass. All three are `[B, n]`, and may be the same.
    func forward(_ step: StepView, _ x: MatrixView, normal: MatrixView, into y: MatrixView, adding: Bool) {
        RowKernels.normalize(
            x, gain: gain.parameter.value, bias: bias.parameter.value, normal: normal, into: y, adding: adding,
            scales: step.rows(of: scales).pointer)
    }

    /// Computes the gradient of x from that of y, or adds to it, and adds to those of gain and, if needed, of bias.
    func backward(
        _ step: StepView, _ dY: MatrixView, normal: MatrixView, into dX: MatrixView, adding: Bool, countsBias: Bool = true
    ) {
        RowKernels.normalizeBackward(
            dY, gain: gain.parameter.value, normal: normal, scales: step.rows(of: scales).pointer, into: dX, adding: adding,
            dGain: gain.gradient, dBias: countsBias ? bias.gradient : nil)
    }
}
