import func Foundation.tanh

/// `u = s(W_iu x + b_iu + W_hu h + b_hu)`, `n = tanh(W_in x + b_in + W_hn h + b_hn)`, `h' = u n + (1 - u) h`.
struct OracleUpdateGate: OracleCell {
    let gateCount = 2

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let sums = sum(weights.inputSide(x), weights.hiddenSide(h))
        let u = sums[..<h.count].map { sigmoid($0) }
        let n = sums[h.count...].map { tanh($0) }
        let next = h.indices.map { j in h[j] + u[j] * (n[j] - h[j]) }
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: u + n, h: next, c: c)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let size = dh.count
        let (u, n, h) = (Array(step.gates[..<size]), Array(step.gates[size...]), step.hPrevious)
        var dGates = [Double](repeating: 0, count: 2 * size)
        var direct = dGates[..<size]
        for j in 0..<size {
            let dU = dh[j] * (n[j] - h[j])
            dGates[j] = dU * u[j] * (1 - u[j])
            dGates[size + j] = dh[j] * u[j] * (1 - n[j] * n[j])
            direct[j] = dh[j] * (1 - u[j])
        }
        gradient.add(dInput: dGates, x: step.x, dHidden: dGates, h: h)
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dGates),
            dhPrevious: sum(transposedProduct(weights.hiddenWeight, dGates), Array(direct)), dcPrevious: dc)
    }
}
