import Foundation
package import Runs
import Tensors

/// What a model's gates and one of its units do over a text.
package struct TextActivity: Sendable {
    /// How often a gate is nearly closed or open.
    package struct Gate: Sendable {
        package let name: String
        /// The share of its values below 0.1, over units and tokens.
        package let closed: Double
        /// The share of its values above 0.9.
        package let open: Double
    }

    /// A token, and the state after it.
    package struct Place: Sendable {
        package let token: Int32
        /// h of the unit; nil without one.
        package let activation: Double?
        /// The likeliest next tokens, the most probable first, with their probabilities.
        package let next: [(token: Int32, probability: Double)]
    }

    /// A hidden unit.
    package struct Unit: Sendable, Equatable {
        package let layer: Int
        package let index: Int

        package init(layer: Int, index: Int) { (self.layer, self.index) = (layer, index) }
    }

    /// `[layers]`: the sigmoid gates of each layer; empty if the cell's gates are not known.
    package let gates: [[Gate]]
    /// Empty without a unit.
    package let places: [Place]

    /// The number of likeliest next tokens.
    private static let nextCount = 5

    /// Runs `inspected`, a model of one stream, over `tokens` from its initial state.
    ///
    /// Source of the limits of a saturated gate: Karpathy, Johnson & Fei-Fei 2015, section 4.2. Throws `StoredRunError.overflow` if a
    /// state is not finite or, with `unit`, the probability of a next token.
    package init(_ inspected: InspectedModel, _ tokens: [Int32], unit: Unit?, checkpoint: String) throws(StoredRunError) {
        let (model, kinds) = (inspected.model, inspected.model.gateKinds)
        var counts = GateCounts(layers: inspected.shape.layers, gates: kinds.count)
        var places: [Place] = []
        for start in stride(from: 0, to: tokens.count, by: inspected.steps) {
            let window = tokens[start..<min(start + inspected.steps, tokens.count)]
            model.forward(Array(window), steps: window.count)
            try inspected.requireFiniteStates(after: start, rows: window.count, checkpoint: checkpoint)
            for layer in 0..<inspected.shape.layers where !kinds.isEmpty {
                counts.take(layer, model.activatedGates(ofLayer: layer), units: inspected.shape.hiddenSize)
            }
            if let unit {
                let hidden = model.hidden(ofLayer: unit.layer)
                let logits = model.logits()
                for (row, token) in window.enumerated() {
                    let next = Self.likeliest(logits.slice(rows: row..<(row + 1)))
                    guard next.allSatisfy(\.probability.isFinite) else {
                        throw .overflow(checkpoint: checkpoint, place: "token \(start + row + 1) of the text")
                    }
                    places.append(
                        Place(
                            token: token, activation: Double(hidden.pointer[row * hidden.rowStride + unit.index]), next: next))
                }
            }
            model.carryState(steps: window.count)
        }
        self.places = places
        gates = (0..<inspected.shape.layers).map { layer in
            kinds.enumerated().filter { $0.element.isSigmoid }.map { gate, kind in
                let (closed, open) = counts.shares(layer, gate)
                return Gate(name: kind.name, closed: closed, open: open)
            }
        }
    }

    /// The likeliest tokens of one row of logits.
    private static func likeliest(_ logits: MatrixView) -> [(token: Int32, probability: Double)] {
        let row = UnsafeBufferPointer(start: UnsafePointer(logits.pointer), count: logits.columns)
        let largest = Double(row.max() ?? 0)
        let total = row.reduce(0) { $0 + exp(Double($1) - largest) }
        let best = row.indices.sorted { row[$0] != row[$1] ? row[$0] > row[$1] : $0 < $1 }.prefix(nextCount)
        return best.map { (Int32($0), exp(Double(row[$0]) - largest) / total) }
    }
}

/// Counts of values of gates.
private struct GateCounts {
    /// `[layers][gates]`.
    private var closed: [[Int]]
    private var open: [[Int]]
    private var total: [[Int]]

    init(layers: Int, gates: Int) {
        closed = .init(repeating: .init(repeating: 0, count: gates), count: layers)
        (open, total) = (closed, closed)
    }

    /// Takes the gates `[rows, gates*units]` of a layer.
    mutating func take(_ layer: Int, _ values: MatrixView, units: Int) {
        for row in 0..<values.rows {
            for gate in closed[layer].indices {
                let start = values.pointer + row * values.rowStride + gate * units
                for unit in 0..<units {
                    if start[unit] < 0.1 { closed[layer][gate] += 1 }
                    if start[unit] > 0.9 { open[layer][gate] += 1 }
                }
                total[layer][gate] += units
            }
        }
    }

    func shares(_ layer: Int, _ gate: Int) -> (closed: Double, open: Double) {
        let count = Double(max(total[layer][gate], 1))
        return (Double(closed[layer][gate]) / count, Double(open[layer][gate]) / count)
    }
}
