import Tensors

/// The recurrent weights, packed for a step's products: for all units, or for those of a rank in a team.
struct RecurrentProduct {
    private let units: Range<Int>
    private let hiddenSize: Int
    private let byGate: Bool
    /// All gates in one, or one for each gate, of which the columns of some units can be had.
    private let gates: [PackedMatrix]
    private let whole: PackedMatrix?

    init(_ parameters: RecurrentParameters, weights: PackedWeights, training: Bool, team: StepTeam?) {
        let (weight, size) = (parameters.weightHidden, parameters.hiddenSize)
        units = team?.division.units(of: size) ?? 0..<size
        hiddenSize = size
        byGate = parameters.packedByGate
        gates =
            byGate
            ? (0..<parameters.gateCount).map { weights.matrix(weight, rows: ($0 * size)..<(($0 + 1) * size), .forward) }
            : [weights.matrix(weight, .forward)]
        precondition(byGate || units == 0..<size, "gates packed together give no part of their units")
        whole = training ? weights.matrix(weight, .backward) : nil
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

extension ProductStart {
    /// For columns from `first` on.
    fileprivate func shifted(by first: Int) -> ProductStart {
        if case .bias(let values) = self { .bias(values + first) } else { self }
    }
}
