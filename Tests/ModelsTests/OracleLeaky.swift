import Foundation

/// `n = tanh(W_ih x + b_ih + W_hh h + b_hh)`, `h' = (1 - a) h + a n`; a = longest^(-j/(H-1)) for unit j, or s(L_j).
struct OracleLeaky: OracleCell {
    let longest: Double
    var isLearned = false
    let gateCount = 1
    var unitVector: String? { isLearned ? "rate" : nil }

    private func rates(_ weights: OracleWeights, count: Int) -> [Double] {
        isLearned ? weights.unitVector.map { sigmoid($0) } : (0..<count).map { pow(longest, -Double($0) / Double(count - 1)) }
    }

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let n = sum(weights.inputSide(x), weights.hiddenSide(h)).map { tanh($0) }
        let a = rates(weights, count: h.count)
        let next = h.indices.map { (1 - a[$0]) * h[$0] + a[$0] * n[$0] }
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: n, h: next, c: c)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let (a, n) = (rates(weights, count: dh.count), step.gates)
        let dGates = dh.indices.map { dh[$0] * a[$0] * (1 - n[$0] * n[$0]) }
        if isLearned {
            let dL = dh.indices.map { dh[$0] * (n[$0] - step.hPrevious[$0]) * a[$0] * (1 - a[$0]) }
            gradient.unitVector = sum(gradient.unitVector, dL)
        }
        gradient.add(dInput: dGates, x: step.x, dHidden: dGates, h: step.hPrevious)
        let direct = dh.indices.map { dh[$0] * (1 - a[$0]) }
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dGates),
            dhPrevious: sum(direct, transposedProduct(weights.hiddenWeight, dGates)), dcPrevious: dc)
    }
}
