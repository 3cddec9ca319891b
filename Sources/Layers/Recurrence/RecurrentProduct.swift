import Tensors

/// The recurrent weights, packed for a step's products: for all units, or for those of a rank in a team.
struct RecurrentProduct {
    private let units: Range<Int>
    private let hiddenSize: Int
    private let byGate: Bool
    /// All gates in one, or one for each gate, of which the columns of some units can be had.
    private let gates: [PackedMatrix]
    private let whole: PackedMatrix?

    /// - Parameter byGate: whether each gate is packed by itself, so that a rank may have its units of it.
    init(_ parameters: RecurrentParameters, units: Range<Int>, byGate: Bool, _ builder: Builder) {
        let (weight, size) = (parameters.weightHidden, parameters.hiddenSize)
        self.units = units
        hiddenSize = size
        self.byGate = byGate
        gates =
            byGate
            ? (0..<parameters.gateCount).map { builder.packed(weight, rows: ($0 * size)..<(($0 + 1) * size), .forward) }
            : [builder.packed(weight, .forward)]
        whole = builder.packedBackward(weight)
    }

    /// `gates = start + h W_hh^T` for the units: `h` `[B, H]`, `gates` `[B, G*U]`; a bias is that of all units, `[G*H]`.
    func multiply(_ h: MatrixView, into gates: MatrixView, from start: ProductStart) {
        guard !units.isEmpty else { return }
        guard byGate else { return self.gates[0].multiply(h, into: gates, from: start) }
        for (index, gate) in self.gates.enumerated() {
            let own = gates.slice(columns: (index * units.count)..<((index + 1) * units.count))
            gate.multiply(h, columns: units, into: own, from: start.shifted(by: index * hiddenSize + units.lowerBound))
        }
    }

    /// `dH = start + dGates W_hh` for the units: `dGates` `[B, G*H]` of all units, `dH` `[B, U]`.
    func multiplyBackward(_ dGates: MatrixView, into dH: MatrixView, from start: ProductStart = .zero) {
        guard let whole else { preconditionFailure("a backward pass through a model made for inference") }
        guard !units.isEmpty else { return }
        whole.multiply(dGates, columns: units, into: dH, from: start)
    }
}

/// The recurrent weights of some gates, for cells with several products a step.
struct RecurrentPart {
    private let columns: Range<Int>  // of the gates
    private let weight: Parameter  // [columns, H]
    private let packed: PackedMatrix
    private let packedBackward: PackedMatrix?

    init(_ parameters: RecurrentParameters, columns: Range<Int>, _ builder: Builder) {
        self.columns = columns
        weight = builder.gradient(of: parameters.weightHidden, rows: columns)
        packed = builder.packed(parameters.weightHidden, rows: columns, .forward)
        packedBackward = builder.packedBackward(parameters.weightHidden, rows: columns)
    }

    /// Adds `x W^T` to these of the `gates` `[B, G*H]`.
    func multiply(_ x: MatrixView, into gates: MatrixView) {
        packed.multiply(x, into: gates.slice(columns: columns), from: .result)
    }

    /// `dX = start + dGates W`, with these of the gates' gradients `[B, G*H]`.
    func multiplyBackward(_ dGates: MatrixView, into dX: MatrixView, from start: ProductStart = .zero) {
        guard let packedBackward else { preconditionFailure("a backward pass through a model made for inference") }
        packedBackward.multiply(dGates.slice(columns: columns), into: dX, from: start)
    }

    /// The gradient of these weights, whose product had the left side `x` `[steps*B, H]`.
    func gradient(_ window: RecurrentWindow, x: MatrixView) {
        window.rows.weightGradient(weight, steps: window.steps, dY: window.dGates.slice(columns: columns), x: x)
    }
}

extension ProductStart {
    /// For columns from `first` on.
    fileprivate func shifted(by first: Int) -> ProductStart {
        if case .bias(let values) = self { .bias(values + first) } else { self }
    }
}
