public import Kinds
import Tensors

/// The function of a Jordan cell's outputs.
public enum JordanOutput: String, ConfigurationChoice {
    case softmax, tanh, sigmoid
}

extension CellSettings {
    public static let jordanOutput = Setting(
        "jordan-output", JordanOutput.softmax, "Function g of a Jordan cell's outputs, o = g(V m + c).")
}

/// Recurrence through the layer's own outputs: `m = f(W_ih x + b_ih + W_hh oPrevious + b_hh)`, `o = g(V m + c)`. Layers above and output read
/// o `[O]`, which is the layer's h: `rnn.weight_hh_l<k>` is `[H, O]`, V `rnn.weight_ho_l<k>` `[O, H]`, c `rnn.bias_ho_l<k>`.
///
/// Source: Jordan 1986. Kept for the backward pass besides the gates: T B (H + O) floats.
struct JordanCell: Cell {
    static let name = "jordan"
    static let summary =
        "Recurrence through the layer's outputs, `m = f(W x + J o' + b)`, `o = g(V m + c)`; layers above read o (Jordan 1986)."
    static let settings: [any DeclaredSetting] = [
        CellSettings.nonlinearity, CellSettings.projectionSize, CellSettings.jordanOutput, CellSettings.timeSkips,
    ]
    static let gateCount = 1
    static let dividesUnits = false

    private let recurrent: RecurrentProduct
    private let outputs: JordanOutputs
    private let kernel: CellKernel
    private let units: MatrixView  // [T*B, H]: m
    private let dUnits: MatrixView  // [B, H]

    static func outputSize(units: Int, _ settings: Settings) -> Int { LSTMCell.outputSize(units: units, settings) }

    init(_ settings: Settings, _ builder: CellBuilder) {
        kernel = CellKernel("elman_" + settings[CellSettings.nonlinearity].rawValue)
        recurrent = builder.product()
        outputs = JordanOutputs(settings, builder)
        units = builder.stepRows()
        dUnits = builder.stepGradient()
    }

    func forward(_ step: StepView, previous: MatrixView) {
        recurrent.multiply(previous, into: step.gates, from: .result)
        kernel.forward(arithmetic(step))
        outputs.forward(step, units: step.rows(of: units))
    }

    func backward(_ step: StepView) {
        outputs.backward(step, into: dUnits, from: .zero)
        kernel.backward(arithmetic(step))
    }

    private func arithmetic(_ step: StepView) -> CellStep {
        var arithmetic = step.arithmetic
        arithmetic.h = step.rows(of: units).pointer
        arithmetic.dH = dUnits.pointer
        return arithmetic
    }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) { recurrent.multiplyBackward(dGates, into: dH) }

    func weightGradients(_ window: RecurrentWindow, input: MatrixView?) {
        window.layerGradients(input: input)
        outputs.gradients(window, units: units)
    }
}

/// The outputs of a Jordan cell, `o = g(V m + c)`, which are the layer's h.
struct JordanOutputs {
    private let kernel: CellKernel
    private let projection: OutputProjection

    init(_ settings: Settings, _ builder: CellBuilder) {
        let function = settings[CellSettings.jordanOutput]
        kernel = CellKernel(function == .softmax ? "softmax" : "elman_" + function.rawValue)
        projection = OutputProjection(weight: "weight_ho", bias: "bias_ho", builder)
    }

    /// The step's h from its units, `[B, H]`.
    func forward(_ step: StepView, units: MatrixView) {
        projection.forward(units, into: step.h)
        kernel.forward(arithmetic(step, step.h))
    }

    /// `dUnits = start +` the gradient of the units, `[B, H]`, from that of h.
    func backward(_ step: StepView, into dUnits: MatrixView, from start: ProductStart) {
        kernel.backward(arithmetic(step, projection.gradientRows(step)))
        projection.backward(step, into: dUnits, from: start)
    }

    /// Applies g in place, or computes the gradient of its argument.
    private func arithmetic(_ step: StepView, _ preactivations: MatrixView) -> CellStep {
        let h = step.h.pointer
        return CellStep(gates: preactivations, units: step.h.columns, hPrevious: h, h: h, dH: step.dH.pointer)
    }

    /// The gradients of V and c after a window; `units` `[T*B, H]`.
    func gradients(_ window: RecurrentWindow, units: MatrixView) { projection.gradients(window, units: units) }
}
