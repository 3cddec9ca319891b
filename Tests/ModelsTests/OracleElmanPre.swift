/// `a' = W_ih x + b_ih + W_hh f(a) + b_hh`; the output is `f(a')`. The state of an `OracleStep` is f(a).
struct OracleElmanPre: OracleCell {
    let nonlinearity: OracleElman.Nonlinearity
    let gateCount = 1

    func start(_ state: Double) -> (h: Double, slope: Double) {
        let h = nonlinearity(state)
        return (h, nonlinearity.derivative(h))
    }

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let a = sum(weights.inputSide(x), weights.hiddenSide(h))
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: a, h: a.map { nonlinearity($0) }, c: c)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let da = dh.indices.map { dh[$0] * nonlinearity.derivative(nonlinearity(step.gates[$0])) }
        gradient.add(dInput: da, x: step.x, dHidden: da, h: step.hPrevious)
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, da), dhPrevious: transposedProduct(weights.hiddenWeight, da),
            dcPrevious: dc)
    }
}
