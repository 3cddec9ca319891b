import Foundation

/// `m' = f(W_ih x + b_ih + W_hh o + b_hh)`, `o' = g(V m' + c)` (Jordan 1986); with `readsUnits`, f of this and `W_mm m` (Elman and Jordan). o is h,
/// and m is the second state.
struct OracleJordan: OracleCell {
    let output: Output
    var nonlinearity = OracleElman.Nonlinearity.tanh
    /// O; nil for as many as units.
    var size: Int?
    var readsUnits = false
    let gateCount = 1
    var stateLetters: [String] { readsUnits ? ["h", "m"] : ["h"] }

    enum Output: String, Sendable { case softmax, tanh, sigmoid }

    func outputSize(units: Int) -> Int { size ?? units }

    func ownShapes(inputs: Int, units: Int) -> [String: [Int]] {
        let shapes = ["weight_ho": [outputSize(units: units), units], "bias_ho": [outputSize(units: units)]]
        return readsUnits ? shapes.merging(["weight_mm": [units, units]]) { $1 } : shapes
    }

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        var sums = sum(weights.inputSide(x), weights.hiddenSide(h))
        if readsUnits { sums = sum(sums, product(weights["weight_mm"], c)) }
        let units = sums.map { nonlinearity($0) }
        let logits = sum(product(weights["weight_ho"], units), weights["bias_ho"])
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: units, h: value(logits), c: readsUnits ? units : c)
    }

    private func value(_ a: [Double]) -> [Double] {
        switch output {
        case .tanh: return a.map { Foundation.tanh($0) }
        case .sigmoid: return a.map { ModelsTests.sigmoid($0) }
        case .softmax:
            let powers = a.map { exp($0) }
            return powers.map { $0 / powers.reduce(0, +) }
        }
    }

    private func slope(_ o: [Double], _ d: [Double]) -> [Double] {
        switch output {
        case .tanh: return o.indices.map { d[$0] * (1 - o[$0] * o[$0]) }
        case .sigmoid: return o.indices.map { d[$0] * o[$0] * (1 - o[$0]) }
        case .softmax:
            let mean = elementProduct(o, d).reduce(0, +)
            return o.indices.map { o[$0] * (d[$0] - mean) }
        }
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let dLogits = slope(step.h, dh)
        addOuterProduct(dLogits, step.gates, to: &gradient["weight_ho"])
        gradient["bias_ho"] = sum(gradient["bias_ho"], dLogits)
        var dUnits = transposedProduct(weights["weight_ho"], dLogits)
        if readsUnits { dUnits = sum(dUnits, dc) }
        let dGates = dUnits.indices.map { dUnits[$0] * nonlinearity.derivative(step.gates[$0]) }
        gradient.add(dInput: dGates, x: step.x, dHidden: dGates, h: step.hPrevious)
        var dcPrevious = dc
        if readsUnits {
            addOuterProduct(dGates, step.cPrevious, to: &gradient["weight_mm"])
            dcPrevious = transposedProduct(weights["weight_mm"], dGates)
        }
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dGates), dhPrevious: transposedProduct(weights.hiddenWeight, dGates),
            dcPrevious: dcPrevious)
    }
}
