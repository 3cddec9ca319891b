public import Kinds
import Tensors

/// Whether the time scales of leaky units are constant or learned.
public enum TimeScales: String, ConfigurationChoice {
    case fixed, learned
}

extension CellSettings {
    public static let timeScales = Setting(
        "time-scales", TimeScales.fixed, "Whether the time scales of leaky units are fixed or learned with the other parameters.")
    public static let longestTimeScale = Setting(
        "longest-time-scale", 100, range: .whole(2...1_000_000), placeholder: "steps",
        "Longest time scale of leaky units at the start; those of the others are spread from 1 step on (learned: from 2), evenly in the "
            + "logarithm (learned: of the time scale less 1)."
    )
}

/// Leaky units: `h = (1-a)*hPrevious + a*n`, `n = tanh(W_ih x + b_ih + W_hh hPrevious + b_hh)`, with a constant a for each unit.
/// The time scale 1/a, in steps, is log-uniform over the units, from 1 to `--longest-time-scale`.
///
/// Source: Jaeger et al. 2007 (leaky integrator units). Several time scales in one layer: Bengio, Boulanger-Lewandowski & Pascanu
/// 2013, section 3.2.
struct LeakyCell: Cell {
    static let name = "leaky"
    static let summary =
        "Leaky units, `h = (1-a)*h' + a*tanh(W x + U h' + b)`, whose time scales 1/a differ (Jaeger et al. 2007, Bengio et al. 2013)."
    static let settings: [any DeclaredSetting] = [CellSettings.timeScales, CellSettings.longestTimeScale, CellSettings.timeSkips]
    static let gateCount = 1

    private let kernel = CellKernel("leaky")
    private let recurrent: RecurrentProduct
    private let rates: [Float]  // [H], a of each unit
    private let firstUnit: Int  // of this rank

    init(_ settings: Settings, _ builder: CellBuilder) {
        recurrent = builder.product()
        let size = builder.size
        let last = -Float(portableLogarithm(Double(settings[CellSettings.longestTimeScale])))
        rates = [Float](unsafeUninitializedCapacity: size.hiddenSize) { rates, count in
            count = size.hiddenSize
            guard let first = rates.baseAddress else { return }
            ParameterStart.spread(from: 0, to: last, into: first, count: count)
            RowKernels.exp(count: count, first, into: first)
        }
        firstUnit = size.units.lowerBound
    }

    static func layer(_ shape: RecurrentShape, _ builder: Builder) -> any RecurrentLayer {
        switch shape.settings[CellSettings.timeScales] {
        case .fixed: Recurrence<LeakyCell>(shape, builder)
        case .learned: Recurrence<LearnedLeakyCell>(shape, builder)
        }
    }

    func forward(_ step: StepView, previous: MatrixView) {
        recurrent.multiply(previous, into: step.gates, from: .result)
        withRates(step) { kernel.forward($0) }
    }

    func backward(_ step: StepView) { withRates(step) { kernel.backward($0) } }

    private func withRates(_ step: StepView, _ run: (CellStep) -> Void) {
        rates.withUnsafeBufferPointer { rates in
            var arithmetic = step.arithmetic
            arithmetic.unitValues = rates.baseAddress.map { $0 + firstUnit }
            run(arithmetic)
        }
    }

    func productBackward(_ dGates: MatrixView, dH: MatrixView) {
        recurrent.multiplyBackward(dGates, into: dH, from: .result)
    }
}
