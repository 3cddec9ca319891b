import func Foundation.tanh

/// `h' = h + tanh(W_ih x + b_ih + W_hh h + b_hh)`.
struct OracleAdditive: OracleCell {
    let gateCount = 1

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let n = sum(weights.inputSide(x), weights.hiddenSide(h)).map { tanh($0) }
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: n, h: sum(h, n), c: c)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let dGates = dh.indices.map { dh[$0] * (1 - step.gates[$0] * step.gates[$0]) }
        gradient.add(dInput: dGates, x: step.x, dHidden: dGates, h: step.hPrevious)
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dGates),
            dhPrevious: sum(dh, transposedProduct(weights.hiddenWeight, dGates)), dcPrevious: dc)
    }
}
