import Tensors

/// The recurrent weights, packed for the products of a step: for all units, or for the units of a rank in a team.
struct RecurrentProduct {
    private let units: Range<Int>
    private let outputs: Range<Int>
    private let hiddenSize: Int
    private let byGate: Bool
    /// One operand of all gates, or one operand for each gate, of which columns can be used separately.
    private let gates: [PackedMatrix]
    private let whole: PackedMatrix?

    /// - Parameters:
    ///   - outputs: the columns of h that this rank computes.
    ///   - byGate: whether each gate is packed separately, so that a rank can use the columns of its units.
    init(
        _ parameters: RecurrentParameters, units: Range<Int>, outputs: Range<Int>, byGate: Bool, _ builder: Builder
    ) {
        let (weight, size) = (parameters.weightHidden, parameters.hiddenSize)
        self.units = units
        self.outputs = outputs
        hiddenSize = size
        self.byGate = byGate
        gates =
            byGate
            ? (0..<parameters.gateCount).map { builder.packed(weight, rows: ($0 * size)..<(($0 + 1) * size), .forward) }
            : [builder.packed(weight, .forward)]
        whole = builder.packedBackward(weight)
    }

    /// `gates = start + h W_hh^T` for the units. Shapes: `h` `[B, O]`, `gates` `[B, G*U]`; a bias has all units, `[G*H]`.
    func multiply(_ h: MatrixView, into gates: MatrixView, from start: ProductStart) {
        guard !units.isEmpty else { return }
        guard byGate else { return self.gates[0].multiply(h, into: gates, from: start) }
        for (index, gate) in self.gates.enumerated() {
            let own = gates.slice(columns: (index * units.count)..<((index + 1) * units.count))
            gate.multiply(h, columns: units, into: own, from: start.shifted(by: index * hiddenSize + units.lowerBound))
        }
    }

    /// `dH = start + dGates W_hh` for the units. Shapes: `dGates` of all units `[B, G*H]`, `dH` `[B, U]`.
    func multiplyBackward(_ dGates: MatrixView, into dH: MatrixView, from start: ProductStart = .zero) {
        guard let whole else { preconditionFailure("backward pass of a model without training buffers") }
        guard !units.isEmpty else { return }
        whole.multiply(dGates, columns: outputs, into: dH, from: start)
    }
}

/// The recurrent weights of some gates, for cells with several products per step.
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

    /// Adds `x W^T` to the columns of these gates in `gates` `[B, G*H]`.
    func multiply(_ x: MatrixView, into gates: MatrixView) {
        packed.multiply(x, into: gates.slice(columns: columns), from: .result)
    }

    /// `dX = start + dGates W`, with the columns of these gates in `dGates` `[B, G*H]`.
    func multiplyBackward(_ dGates: MatrixView, into dX: MatrixView, from start: ProductStart = .zero) {
        guard let packedBackward else { preconditionFailure("backward pass of a model without training buffers") }
        packedBackward.multiply(dGates.slice(columns: columns), into: dX, from: start)
    }

    /// The gradient of these weights. `x` `[steps*B, H]` is the left operand of their product.
    func gradient(_ window: RecurrentWindow, x: MatrixView) {
        window.rows.weightGradient(weight, steps: window.steps, dY: window.dGates.slice(columns: columns), x: x)
    }
}

extension ProductStart {
    /// The same start for the columns from `first` on.
    fileprivate func shifted(by first: Int) -> ProductStart {
        if case .bias(let values) = self { .bias(values + first) } else { self }
    }
}
