/// `g(v) = v + 1/2` for `v >= 0`, otherwise the logistic function, and the derivative of g.
private func candidate(_ v: Double) -> (value: Double, slope: Double) {
    v >= 0 ? (v + 0.5, 1) : (sigmoid(v), sigmoid(v) * (1 - sigmoid(v)))
}

/// `z = s(W_iz x + b_iz)`, `n = g(W_in x + b_in)`, `h' = (1 - z) h + z n`.
struct OracleMinGRU: OracleCell {
    let gateCount = 2
    let hasRecurrentWeights = false

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let sums = weights.inputSide(x)
        let next = h.indices.map { j in
            let z = sigmoid(sums[j])
            return (1 - z) * h[j] + z * candidate(sums[h.count + j]).value
        }
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: sums, h: next, c: c)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let size = dh.count
        var (dGates, dhPrevious) = ([Double](repeating: 0, count: 2 * size), dh)
        for j in dh.indices {
            let (z, n) = (sigmoid(step.gates[j]), candidate(step.gates[size + j]))
            dGates[j] = dh[j] * (n.value - step.hPrevious[j]) * z * (1 - z)
            dGates[size + j] = dh[j] * z * n.slope
            dhPrevious[j] = dh[j] * (1 - z)
        }
        gradient.add(dInput: dGates, x: step.x)
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dGates), dhPrevious: dhPrevious, dcPrevious: dc)
    }
}

/// `f = s(W_if x + b_if)`, `i = s(W_ii x + b_ii)`, `n = g(W_in x + b_in)`, `h' = f/(f+i) h + i/(f+i) n`.
struct OracleMinLSTM: OracleCell {
    let gateCount = 3
    let hasRecurrentWeights = false

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let (sums, size) = (weights.inputSide(x), h.count)
        let next = h.indices.map { j in
            let (f, i) = (sigmoid(sums[j]), sigmoid(sums[size + j]))
            return f / (f + i) * h[j] + i / (f + i) * candidate(sums[2 * size + j]).value
        }
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: sums, h: next, c: c)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let size = dh.count
        var (dGates, dhPrevious) = ([Double](repeating: 0, count: 3 * size), dh)
        for j in dh.indices {
            let (f, i) = (sigmoid(step.gates[j]), sigmoid(step.gates[size + j]))
            let (n, total) = (candidate(step.gates[2 * size + j]), f + i)
            let difference = step.hPrevious[j] - n.value
            dGates[j] = dh[j] * difference * i / (total * total) * f * (1 - f)
            dGates[size + j] = -dh[j] * difference * f / (total * total) * i * (1 - i)
            dGates[2 * size + j] = dh[j] * i / total * n.slope
            dhPrevious[j] = dh[j] * f / total
        }
        gradient.add(dInput: dGates, x: step.x)
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, dGates), dhPrevious: dhPrevious, dcPrevious: dc)
    }
}
