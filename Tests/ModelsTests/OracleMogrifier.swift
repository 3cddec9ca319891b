/// An LSTM whose x and h gate each other before the step: in round i, `x = 2 s(A_i B_i h) x` for odd i, `h = 2 s(A_i B_i x) h` for even i (Melis et
/// al. 2020).
struct OracleMogrifier: OracleCell {
    let rounds: Int
    let rank: Int
    let gateCount = 4
    let learnsOtherStates = true
    let stateLetters = ["h", "c"]

    func ownShapes(inputs: Int, units: Int) -> [String: [Int]] {
        var shapes: [String: [Int]] = [:]
        for i in 1...rounds {
            shapes["weight_left\(i)"] = [i % 2 == 1 ? inputs : units, rank]
            shapes["weight_right\(i)"] = [rank, i % 2 == 1 ? units : inputs]
        }
        return shapes
    }

    /// x and h before each round, and after the last.
    private func values(x: [Double], h: [Double], _ weights: OracleWeights) -> [(x: [Double], h: [Double])] {
        var all = [(x: x, h: h)]
        for i in 1...rounds {
            let (x, h) = all[i - 1]
            let factors = gate(i, by: i % 2 == 1 ? h : x, weights).map { 2 * $0 }
            all.append(i % 2 == 1 ? (elementProduct(factors, x), h) : (x, elementProduct(factors, h)))
        }
        return all
    }

    private func gate(_ i: Int, by v: [Double], _ weights: OracleWeights) -> [Double] {
        product(weights["weight_left\(i)"], product(weights["weight_right\(i)"], v)).map { sigmoid($0) }
    }

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let last = values(x: x, h: h, weights)[rounds]
        var step = OracleLSTM().forward(x: last.x, h: last.h, c: c, weights: weights)
        step.given = (x, h)
        return step
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let all = values(x: step.given.x, h: step.given.h, weights)
        var d = OracleLSTM().backward(step, dh: dh, dc: dc, weights: weights, gradient: &gradient)
        for i in (1...rounds).reversed() {
            let (x, h) = all[i - 1]
            let (gated, v) = i % 2 == 1 ? (x, h) : (h, x)
            let s = gate(i, by: v, weights)
            let dGated = i % 2 == 1 ? d.dx : d.dhPrevious
            let da = s.indices.map { 2 * dGated[$0] * gated[$0] * s[$0] * (1 - s[$0]) }
            let inner = product(weights["weight_right\(i)"], v)
            let dInner = transposedProduct(weights["weight_left\(i)"], da)
            addOuterProduct(da, inner, to: &gradient["weight_left\(i)"])
            addOuterProduct(dInner, v, to: &gradient["weight_right\(i)"])
            let dv = transposedProduct(weights["weight_right\(i)"], dInner)
            let passed = s.indices.map { 2 * s[$0] * dGated[$0] }
            (d.dx, d.dhPrevious) = i % 2 == 1 ? (passed, sum(d.dhPrevious, dv)) : (sum(d.dx, dv), passed)
        }
        return d
    }
}
