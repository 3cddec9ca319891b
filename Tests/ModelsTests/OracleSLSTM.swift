import Foundation

/// Gates i, f, z, o: `c' = s(f) c + exp(i) tanh(z)`, `n' = s(f) n + exp(i)`, `h' = s(o) c'/n'`, without the scaling by exp(m).
/// The c of an `OracleStep` is c followed by n.
struct OracleSLSTM: OracleCell {
    let gateCount = 4
    let otherStates = 2
    let stateLetters = ["h", "c", "n", "m"]

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let size = h.count
        var gates = sum(weights.inputSide(x), weights.hiddenSide(h))
        for j in 0..<size {
            gates[j] = exp(gates[j])
            gates[size + j] = sigmoid(gates[size + j])
            gates[2 * size + j] = tanh(gates[2 * size + j])
            gates[3 * size + j] = sigmoid(gates[3 * size + j])
        }
        let cNext = (0..<size).map { gates[size + $0] * c[$0] + gates[$0] * gates[2 * size + $0] }
        let nNext = (0..<size).map { gates[size + $0] * c[size + $0] + gates[$0] }
        let hNext = (0..<size).map { gates[3 * size + $0] * cNext[$0] / nNext[$0] }
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: gates, h: hNext, c: cNext + nNext)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let size = dh.count
        var (dGates, dcPrevious) = ([Double](repeating: 0, count: 4 * size), dc)
        for j in 0..<size {
            let (i, f, z, o) = (step.gates[j], step.gates[size + j], step.gates[2 * size + j], step.gates[3 * size + j])
            let (c, n) = (step.c[j], step.c[size + j])
            let (dcTotal, dnTotal) = (dc[j] + dh[j] * o / n, dc[size + j] - dh[j] * o * c / (n * n))
            dGates[j] = (dcTotal * z + dnTotal) * i
            dGates[size + j] = (dcTotal * step.cPrevious[j] + dnTotal * step.cPrevious[size + j]) * f * (1 - f)
            dGates[2 * size + j] = dcTotal * i * (1 - z * z)
            dGates[3 * size + j] = dh[j] * c / n * o * (1 - o)
            (dcPrevious[j], dcPrevious[size + j]) = (dcTotal * f, dnTotal * f)
        }
        gradient.add(dInput: dGates, x: step.x, dHidden: dGates, h: step.hPrevious)
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dGates), dhPrevious: transposedProduct(weights.hiddenWeight, dGates),
            dcPrevious: dcPrevious)
    }
}
