import Foundation
import Tensors

/// Training losses that compare the target with samples of the step; each draw is a term of its own. The distribution is the full softmax.
struct OracleSampledOutput: OracleOutput {
    enum Loss { case sampled, nce, blackout }

    let kind: Loss
    let samples: Int
    var power = 1.0
    var logNormalizer = 0.0
    var usesCounts = false
    /// What the draws depend on, besides their number. Suites with an oracle run with this seed and step.
    var seed: UInt64 = 77
    var step: UInt64 = 4

    func parameterCounts(vocabulary V: Int, hidden H: Int, tied: Bool) -> [String: Int] {
        ["decoder.weight": V * H, "decoder.bias": V]
    }

    func logProbabilities(h: [Double], model: OracleModel) -> [Double] {
        OracleFullOutput().logProbabilities(h: h, model: model)
    }

    /// The probability with which each token is drawn.
    private func probabilities(_ V: Int) -> [Double] {
        let frequencies = usesCounts ? TestCounts.frequencies(V) : (1...V).map { 1 / Double($0) }
        let weights = frequencies.map { pow($0, power) }
        return weights.map { $0 / weights.reduce(0, +) }
    }

    /// The tokens that are drawn.
    private func draws(_ q: [Double]) -> [Int] {
        let random = CounterRandom(seed: seed, purpose: .samples)
        return (0..<samples).map { i in
            var sum = random.uniform(UInt64(i), step)
            return q.firstIndex { p in
                sum -= p
                return sum < 0
            } ?? q.count - 1
        }
    }

    func loss(
        h: [Double], target: Int, weight: Double, model: OracleModel, gradients: inout [String: [Double]]
    ) -> (loss: Double, dh: [Double]) {
        let W = model.parameter("decoder.weight")
        let s = sum(product(W, h), model.parameter("decoder.bias"))
        let q = probabilities(s.count)
        let drawn = draws(q).filter { kind == .nce || $0 != target }
        let tokens = [target] + drawn
        let logits = tokens.map { s[$0] - log(Double(samples) * q[$0]) - logNormalizer }
        let (loss, dLogits) = lossAndGradient(logits)
        var dh = [Double](repeating: 0, count: h.count)
        for name in ["decoder.weight", "decoder.bias"] { gradients.add(name) { _ in } }
        for (token, d) in zip(tokens, dLogits) {
            for i in h.indices { dh[i] += weight * d * W[token * h.count + i] }
            gradients.add("decoder.bias") { $0[token] += weight * d }
            gradients.add("decoder.weight") { for i in h.indices { $0[token * h.count + i] += weight * d * h[i] } }
        }
        return (weight * loss, dh)
    }

    /// Of the corrected logits of the target, which is the first, and of each draw.
    private func lossAndGradient(_ logits: [Double]) -> (Double, [Double]) {
        let p = logSoftmax(logits).map { exp($0) }
        switch kind {
        case .sampled:
            return (-log(p[0]), p.indices.map { p[$0] - ($0 == 0 ? 1 : 0) })
        case .nce:
            let loss = logits.indices.reduce(0) { $0 + log(1 + exp($1 == 0 ? -logits[0] : logits[$1])) }
            return (loss, logits.indices.map { 1 / (1 + exp(-logits[$0])) - ($0 == 0 ? 1 : 0) })
        case .blackout:
            let odds = p.map { $0 / (1 - $0) }
            let all = odds.dropFirst().reduce(0, +)
            let loss = -log(p[0]) - p.dropFirst().reduce(0) { $0 + log(1 - $1) }
            return (loss, p.indices.map { p[$0] * (1 - all) + ($0 == 0 ? -1 : odds[$0]) })
        }
    }
}
