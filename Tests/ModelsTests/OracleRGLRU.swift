import Foundation

/// `r = s(W_ir x + b_ir)`, `i = s(W_ii x + b_ii)`, `u = W_iu x + b_iu`, `a = exp(-8 r log(1 + exp(L)))`, `h' = a h + sqrt(1 - a^2) i u`.
struct OracleRGLRU: OracleCell {
    let gateCount = 3
    let hasRecurrentWeights = false
    let unitVector: String? = "decay"

    /// log a for r = 1.
    private func rate(_ value: Double) -> Double { -8 * log(1 + exp(value)) }

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let (sums, size) = (weights.inputSide(x), h.count)
        let next = h.indices.map { j in
            let a = exp(sigmoid(sums[j]) * rate(weights.unitVector[j]))
            return a * h[j] + (1 - a * a).squareRoot() * sigmoid(sums[size + j]) * sums[2 * size + j]
        }
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: sums, h: next, c: c)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let size = dh.count
        var (dGates, dhPrevious) = ([Double](repeating: 0, count: 3 * size), dh)
        for j in dh.indices {
            let (r, i, u) = (sigmoid(step.gates[j]), sigmoid(step.gates[size + j]), step.gates[2 * size + j])
            let a = exp(r * rate(weights.unitVector[j]))
            let b = (1 - a * a).squareRoot()
            let da = dh[j] * (step.hPrevious[j] - a / b * i * u)
            dGates[j] = da * a * rate(weights.unitVector[j]) * r * (1 - r)
            dGates[size + j] = dh[j] * b * u * i * (1 - i)
            dGates[2 * size + j] = dh[j] * b * i
            dhPrevious[j] = dh[j] * a
            gradient.unitVector[j] += da * a * r * -8 * sigmoid(weights.unitVector[j])
        }
        gradient.add(dInput: dGates, x: step.x)
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dGates), dhPrevious: dhPrevious, dcPrevious: dc)
    }
}
