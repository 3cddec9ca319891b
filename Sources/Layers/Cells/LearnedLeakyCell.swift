import Kinds
import Tensors

/// Leaky units with learned time scales: the equations of `LeakyCell` with `a = s(L)` and a parameter L for each unit,
/// `rnn.rate_l0` `[H]` and so on. Initially 1/a - 1 is log-uniform over the units, from 1 to the longest time scale less 1,
/// so that the time scales 1/a begin at 2.
///
/// L has a gradient for each stream, so ranks do not divide the units of a step.
struct LearnedLeakyCell: Cell {
    static let name = LeakyCell.name
    static let summary = "Leaky units with learned time scales."
    static let gateCount = 1
    static let dividesUnits = false

    private let kernel = CellKernel("leaky_learned")
    private let recurrent: RecurrentProduct
    private let rates: UnitVector

    init(_ settings: Settings, _ builder: CellBuilder) {
        recurrent = builder.product()
        rates = builder.unitVector(
            "rate", start: .spread(from: 0, to: -Float(portableLogarithm(Double(settings[CellSettings.longestTimeScale] - 1)))))
    }

    func forward(_ step: StepView, previous: MatrixView) {
        recurrent.multiply(previous, into: step.gates, from: .result)
        kernel.forward(arithmetic(step))
    }

    func backward(_ step: StepView) { kernel.backward(arithmetic(step)) }

    private func arithmetic(_ step: StepView) -> CellStep {
        var arithmetic = step.arithmetic
        arithmetic.unitValues = UnsafePointer(rates.parameter.value)
        arithmetic.dUnitValues = rates.gradient.pointer
        return arithmetic
    }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) {
        recurrent.multiplyBackward(dGates, into: dH, from: .result)
    }
}
