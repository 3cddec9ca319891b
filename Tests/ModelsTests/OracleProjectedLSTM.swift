import Foundation

/// An LSTM whose h is `P (o tanh(c))`, `[size]` (Sak et al. 2014).
struct OracleProjectedLSTM: OracleCell {
    let size: Int
    let gateCount = 4
    let learnsOtherStates = true
    let stateLetters = ["h", "c"]

    func outputSize(units: Int) -> Int { size }
    func ownShapes(inputs: Int, units: Int) -> [String: [Int]] { ["weight_hr": [size, units]] }

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        var step = OracleLSTM().forward(x: x, h: h, c: c, weights: weights)
        step.h = product(weights["weight_hr"], step.h)
        return step
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let units = step.c.indices.map { step.gates[3 * step.c.count + $0] * tanh(step.c[$0]) }
        addOuterProduct(dh, units, to: &gradient["weight_hr"])
        return OracleLSTM().backward(
            step, dh: transposedProduct(weights["weight_hr"], dh), dc: dc, weights: weights, gradient: &gradient)
    }
}

/// An LSTM with the preactivations `LN(W_ih x) + LN(W_hh h)`, each with gain and bias, and `h = o tanh(LN(c))` (Ba et al. 2016).
struct OracleNormalizedLSTM: OracleCell {
    let gateCount = 4
    let learnsOtherStates = true
    let stateLetters = ["h", "c"]

    func ownShapes(inputs: Int, units: Int) -> [String: [Int]] {
        ["gain_ih": [4 * units], "gain_hh": [4 * units], "gain_c": [units], "bias_c": [units]]
    }

    /// `(x - mean) / sqrt(variance + 1e-5)`, and the factor `1 / sqrt(variance + 1e-5)`.
    private func normal(_ x: [Double]) -> (z: [Double], scale: Double) {
        let mean = x.reduce(0, +) / Double(x.count)
        let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
        let scale = 1 / (variance + 1e-5).squareRoot()
        return (x.map { ($0 - mean) * scale }, scale)
    }

    /// The gradient of x from dy, that of `gain normal(x) + bias`; the gradient of gain is added to `own[name]`.
    private func backward(
        _ dy: [Double], x: [Double], gain: [Double], _ name: String, _ gradient: inout OracleWeights
    ) -> [Double] {
        let (z, scale) = normal(x)
        let g = elementProduct(gain, dy)
        gradient[name] = sum(gradient[name], elementProduct(dy, z))
        let mean = g.reduce(0, +) / Double(g.count)
        let slope = elementProduct(g, z).reduce(0, +) / Double(g.count)
        return g.indices.map { scale * (g[$0] - mean - z[$0] * slope) }
    }

    private func output(_ c: [Double], _ weights: OracleWeights) -> [Double] {
        sum(elementProduct(weights["gain_c"], normal(c).z), weights["bias_c"]).map { tanh($0) }
    }

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let size = c.count
        let fromInput = elementProduct(weights["gain_ih"], normal(product(weights.inputWeight, x)).z)
        let fromHidden = elementProduct(weights["gain_hh"], normal(product(weights.hiddenWeight, h)).z)
        var gates = sum(sum(fromInput, weights.inputBias), sum(fromHidden, weights.hiddenBias))
        for j in gates.indices { gates[j] = j / size == 2 ? tanh(gates[j]) : sigmoid(gates[j]) }
        let next = (0..<size).map { gates[size + $0] * c[$0] + gates[$0] * gates[2 * size + $0] }
        return OracleStep(
            x: x, hPrevious: h, cPrevious: c, gates: gates,
            h: elementProduct(Array(gates[(3 * size)...]), output(next, weights)), c: next)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let size = dh.count
        let squashed = output(step.c, weights)
        let dNormal = (0..<size).map { dh[$0] * step.gates[3 * size + $0] * (1 - squashed[$0] * squashed[$0]) }
        gradient["bias_c"] = sum(gradient["bias_c"], dNormal)
        let dState = sum(dc, backward(dNormal, x: step.c, gain: weights["gain_c"], "gain_c", &gradient))
        var dGates = [Double](repeating: 0, count: 4 * size)
        for j in 0..<size {
            let (i, f, g, o) = (step.gates[j], step.gates[size + j], step.gates[2 * size + j], step.gates[3 * size + j])
            dGates[j] = dState[j] * g * i * (1 - i)
            dGates[size + j] = dState[j] * step.cPrevious[j] * f * (1 - f)
            dGates[2 * size + j] = dState[j] * i * (1 - g * g)
            dGates[3 * size + j] = dh[j] * squashed[j] * o * (1 - o)
        }
        gradient.inputBias = sum(gradient.inputBias, dGates)
        gradient.hiddenBias = sum(gradient.hiddenBias, dGates)
        let dInput = backward(
            dGates, x: product(weights.inputWeight, step.x), gain: weights["gain_ih"], "gain_ih", &gradient)
        let dHidden = backward(
            dGates, x: product(weights.hiddenWeight, step.hPrevious), gain: weights["gain_hh"], "gain_hh", &gradient)
        addOuterProduct(dInput, step.x, to: &gradient.inputWeight)
        addOuterProduct(dHidden, step.hPrevious, to: &gradient.hiddenWeight)
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dInput), dhPrevious: transposedProduct(weights.hiddenWeight, dHidden),
            dcPrevious: elementProduct(dState, Array(step.gates[size..<(2 * size)])))
    }
}
