public import Kinds
import Tensors

/// Where a GRU applies its reset gate: to the hidden product (PyTorch), or to the previous state before the product (Cho et al.
/// 2014).
public enum GRUReset: String, ConfigurationChoice {
    case after, before
}

extension CellSettings {
    public static let gruReset = Setting(
        "gru-reset", GRUReset.after,
        "Where the GRU's reset gate acts: after the recurrent product (PyTorch), or before it (Cho et al. 2014).")
}

/// The gated recurrent unit with the reset after the product:
/// `n = tanh(W_in x + b_in + r*(W_hn hPrevious + b_hn))`, `h = (1-z)*n + z*hPrevious`; gates r z n.
///
/// Source: Cho et al. 2014 in the form of torch.nn.GRU. Kept for the backward pass besides the gates: 3 T B H floats.
struct GRUCell: Cell {
    static let name = "gru"
    static let summary = "The gated recurrent unit, `h = (1-z)*n + z*h'` (Cho et al. 2014, as torch.nn.GRU)."
    static let settings: [any DeclaredSetting] = [CellSettings.gruReset, CellSettings.timeSkips]
    static let gateCount = 3
    static let gates = [CellGate("r"), CellGate("z"), CellGate("n", isSigmoid: false)]
    /// The reset gate multiplies the hidden product including its bias, so the hidden bias stays with the hidden product.
    static let addsHiddenBias = false

    private let kernel = CellKernel("gru")
    private let recurrent: RecurrentProduct
    private let biasHidden: UnsafePointer<Float>
    private let fromHidden: GateRows  // the hidden product with its bias, later its gradient

    init(_ settings: Settings, _ builder: CellBuilder) {
        recurrent = builder.product()
        biasHidden = UnsafePointer(builder.parameters.biasHidden.value)
        fromHidden = builder.gateRows()
    }

    static func layer(_ shape: RecurrentShape, _ builder: Builder) -> any RecurrentLayer {
        switch shape.settings[CellSettings.gruReset] {
        case .after: Recurrence<GRUCell>(shape, builder)
        case .before: Recurrence<ResetBeforeGRUCell>(shape, builder)
        }
    }

    func forward(_ step: StepView, previous: MatrixView) {
        recurrent.multiply(previous, into: step.rows(of: fromHidden), from: .bias(biasHidden))
        kernel.forward(arithmetic(step))
    }

    func backward(_ step: StepView) { kernel.backward(arithmetic(step)) }

    private func arithmetic(_ step: StepView) -> CellStep {
        var arithmetic = step.arithmetic
        arithmetic.otherGates = step.rows(of: fromHidden).pointer
        return arithmetic
    }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) {
        recurrent.multiplyBackward(dGates, into: dH, from: .result)
    }

    func weightGradients(_ window: RecurrentWindow, input: MatrixView?) {
        if let input { window.inputGradient(input) }
        let parameters = window.parameters
        window.rows.weightGradient(
            parameters.weightHidden, bias: parameters.biasHidden, steps: window.steps, dY: window.used(fromHidden.window),
            x: window.hPrevious)
    }
}
