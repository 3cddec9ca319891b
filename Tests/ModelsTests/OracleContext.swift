/// `h' = f(W x + V_1 x(t-1) + ... + V_(n-1) x(t-n+1) + b)` (Bengio et al. 2003). The earlier inputs are c, the last first; what is left of c is zero.
struct OracleFeedForward: OracleCell {
    let context: Int
    var nonlinearity = OracleElman.Nonlinearity.tanh
    let gateCount = 1
    let hasRecurrentWeights = false
    let learnsFirstState = false
    var hasMemory: Bool { context > 1 }
    var stateLetters: [String] { ["h"] + (1..<context).map { "x\($0)" } }

    func otherStateSize(inputs: Int, units: Int) -> Int { (context - 1) * max(inputs, units) }

    func ownShapes(inputs: Int, units: Int) -> [String: [Int]] {
        Dictionary(uniqueKeysWithValues: (1..<context).map { ("weight_context\($0)", [units, inputs]) })
    }

    private func past(_ c: [Double], _ k: Int, _ size: Int) -> [Double] { Array(c[((k - 1) * size)..<(k * size)]) }

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        var sums = weights.inputSide(x)
        for k in 1..<context { sums = sum(sums, product(weights["weight_context\(k)"], past(c, k, x.count))) }
        let next = Array((x + c.prefix((context - 1) * x.count)).prefix((context - 1) * x.count))
        let units = sums.map { nonlinearity($0) }
        return OracleStep(
            x: x, hPrevious: h, cPrevious: c, gates: units, h: units,
            c: next + [Double](repeating: 0, count: c.count - next.count))
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let size = step.x.count
        let dSums = dh.indices.map { dh[$0] * nonlinearity.derivative(step.h[$0]) }
        gradient.add(dInput: dSums, x: step.x)
        var (dx, dcPrevious) = (transposedProduct(weights.inputWeight, dSums), [Double](repeating: 0, count: dc.count))
        if context > 1 { dx = sum(dx, past(dc, 1, size)) }
        for k in 1..<context {
            addOuterProduct(dSums, past(step.cPrevious, k, size), to: &gradient["weight_context\(k)"])
            var d = transposedProduct(weights["weight_context\(k)"], dSums)
            if k + 1 < context { d = sum(d, past(dc, k + 1, size)) }
            dcPrevious.replaceSubrange(((k - 1) * size)..<(k * size), with: d)
        }
        return OracleStepGradient(dx: dx, dhPrevious: dh.map { _ in 0 }, dcPrevious: dcPrevious)
    }
}

/// The last n vectors `v = W x + b`, concatenated or averaged; those before the start are zero.
struct OracleVectors: OracleCell {
    let context: Int
    let averages: Bool
    let gateCount = 1
    let hasRecurrentWeights = false
    let learnsFirstState = false
    var hasMemory: Bool { context > 1 }
    /// Those of the average besides h: the n vectors, the last first.
    var otherStates: Int { averages ? context : 1 }
    var stateLetters: [String] { averages ? ["h", "v"] : ["h"] }

    func outputSize(units: Int) -> Int { averages ? units : context * units }

    func forward(x: [Double], h: [Double], c: [Double], weights: OracleWeights) -> OracleStep {
        let v = weights.inputSide(x)
        let vectors = v + (averages ? c : h).dropLast(v.count)
        guard averages else { return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: v, h: vectors, c: c) }
        let mean = v.indices.map { j in
            stride(from: j, to: vectors.count, by: v.count).reduce(0) { $0 + vectors[$1] } / Double(context)
        }
        return OracleStep(x: x, hPrevious: h, cPrevious: c, gates: v, h: mean, c: vectors)
    }

    func backward(
        _ step: OracleStep, dh: [Double], dc: [Double], weights: OracleWeights, gradient: inout OracleWeights
    ) -> OracleStepGradient {
        let size = step.gates.count
        let zero = [Double](repeating: 0, count: size)
        let d = averages ? dc.indices.map { dc[$0] + dh[$0 % size] / Double(context) } : dh
        gradient.add(dInput: Array(d[..<size]), x: step.x)
        let dPrevious = Array(d[size...]) + zero
        return OracleStepGradient(
            dx: transposedProduct(weights.inputWeight, Array(d[..<size])), dhPrevious: averages ? dh.map { _ in 0 } : dPrevious,
            dcPrevious: averages ? dPrevious : dc)
    }
}
