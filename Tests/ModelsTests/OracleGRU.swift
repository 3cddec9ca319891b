import Foundation

/// Gates r, z, n; `n = tanh(W_in x + b_in + r (W_hn h + b_hn))`, `h' = (1 - z) n + z h`: torch.nn.GRU.
struct OracleGRU: OracleCell {
    var timeSkips: [Int] = []
    let gateCount = 3

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let size = h.count
        let (input, hidden) = (weights.inputSide(x), weights.hiddenSide(h))
        let candidate = Array(hidden[(2 * size)...])
        var gates = sum(input, hidden).map(sigmoid)
        for j in 0..<size {
            gates[2 * size + j] = tanh(input[2 * size + j] + gates[j] * candidate[j])
        }
        return OracleStep(
            x: x, hPrevious: h, cPrevious: c, gates: gates, hiddenCandidate: candidate, h: blend(gates, h), c: c)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let size = dh.count
        var dInput = blendGradient(step, dh: dh)
        var dHidden = dInput
        for j in 0..<size {
            let (r, dn) = (step.gates[j], dInput[2 * size + j])
            dInput[j] = dn * step.hiddenCandidate[j] * r * (1 - r)
            dHidden[j] = dInput[j]
            dHidden[2 * size + j] = dn * r
        }
        gradient.add(dInput: dInput, x: step.x, dHidden: dHidden, h: step.hPrevious)
        let throughUpdate = (0..<size).map { dh[$0] * step.gates[size + $0] }
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dInput),
            dhPrevious: sum(throughUpdate, transposedProduct(weights.hiddenWeight, dHidden)), dcPrevious: dc)
    }
}

/// The GRU of Cho et al. 2014, whose reset gate acts before the product: `n = tanh(W_in x + b_in + W_hn (r h) + b_hn)`.
struct OracleGRUResetBefore: OracleCell {
    let gateCount = 3

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let size = h.count
        let input = weights.inputSide(x)
        var gates = sum(input, weights.hiddenSide(h)).map(sigmoid)
        let hidden = weights.hiddenSide((0..<size).map { gates[$0] * h[$0] })
        for j in 2 * size..<3 * size {
            gates[j] = tanh(input[j] + hidden[j])
        }
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: gates, h: blend(gates, h), c: c)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let size = dh.count
        let (r, z) = (Array(step.gates[..<size]), Array(step.gates[size..<2 * size]))
        var dGates = blendGradient(step, dh: dh)
        // Only the rows of the candidate multiply r h; the rows of r and z multiply h.
        let dCandidate = dGates.indices.map { $0 < 2 * size ? 0 : dGates[$0] }
        let dResetState = transposedProduct(weights.hiddenWeight, dCandidate)
        for j in 0..<size {
            dGates[j] = dResetState[j] * step.hPrevious[j] * r[j] * (1 - r[j])
        }
        let dResetAndUpdate = dGates.indices.map { $0 < 2 * size ? dGates[$0] : 0 }
        gradient.add(dInput: dGates, x: step.x, dHidden: dResetAndUpdate, h: step.hPrevious)
        addOuterProduct(dCandidate, elementProduct(r, step.hPrevious), to: &gradient.hiddenWeight)
        gradient.hiddenBias = sum(gradient.hiddenBias, dCandidate)
        let direct = sum(elementProduct(dh, z), elementProduct(dResetState, r))
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dGates),
            dhPrevious: sum(direct, transposedProduct(weights.hiddenWeight, dResetAndUpdate)), dcPrevious: dc)
    }
}

/// `h' = (1 - z) n + z h`. Shapes: gates [3H] in the order r, z, n; h [H].
private func blend(_ gates: [Double], _ h: [Double]) -> [Double] {
    h.indices.map { j in
        let (z, n) = (gates[h.count + j], gates[2 * h.count + j])
        return (1 - z) * n + z * h[j]
    }
}

/// The gradients of the preactivations of z and n, [3H] in the order r, z, n; those of r are zero.
private func blendGradient(_ step: OracleStep, dh: [Double]) -> [Double] {
    let size = dh.count
    var dGates = [Double](repeating: 0, count: 3 * size)
    for j in 0..<size {
        let (z, n) = (step.gates[size + j], step.gates[2 * size + j])
        dGates[size + j] = dh[j] * (step.hPrevious[j] - n) * z * (1 - z)
        dGates[2 * size + j] = dh[j] * (1 - z) * (1 - n * n)
    }
    return dGates
}
