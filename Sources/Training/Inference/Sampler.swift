import Tensors

/// How the next token is drawn from a model's logits.
public struct SamplingRule: Sendable, Equatable {
    /// Divides the logits.
    public var temperature: Double
    /// The likeliest tokens to draw from; 0 is all.
    public var topK: Int
    /// The least probability that the likeliest tokens to draw from must add up to (Holtzman et al. 2020); 1 is all.
    public var topP: Double
    /// The likeliest token always.
    public var greedy: Bool
    public var seed: UInt64

    public init(temperature: Double = 1, topK: Int = 0, topP: Double = 1, greedy: Bool = false, seed: UInt64 = 1) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.greedy = greedy
        self.seed = seed
    }
}

/// Draws tokens, each from its own random number: a token depends on the seed, its place and the logits.
package struct Sampler {
    package let rule: SamplingRule
    private let random: CounterRandom

    package init(_ rule: SamplingRule) {
        self.rule = rule
        random = CounterRandom(seed: rule.seed, purpose: .generation)
    }

    /// The token at `place`. `excluded`, where given, is never drawn.
    package func draw(_ logits: UnsafeBufferPointer<Float>, place: Int, excluding excluded: Int32? = nil) -> Int32 {
        let allowed = logits.indices.lazy.filter { excluded.map(Int.init) != $0 }
        if rule.greedy {
            return Int32(allowed.max { logits[$0] < logits[$1] } ?? 0)
        }
        var candidates = Array(allowed)
        // Ties go to the lower number, so that the order is one and the same everywhere.
        let isBefore = { (a: Int, b: Int) in logits[a] != logits[b] ? logits[a] > logits[b] : a < b }
        if rule.topK > 0 || rule.topP < 1 {
            candidates.sort(by: isBefore)
            if rule.topK > 0 { candidates = Array(candidates.prefix(rule.topK)) }
        }
        let largest = candidates.map { logits[$0] }.max() ?? 0
        var weights = candidates.map { exponential(Double(logits[$0] - largest) / rule.temperature) }
        if rule.topP < 1 { weights = nucleus(weights) }
        return Int32(candidates[index(weights, at: random.uniform(UInt64(place), 0))])
    }

    /// The first weights (of sorted ones) that add up to `topP` of all.
    private func nucleus(_ weights: [Double]) -> [Double] {
        let enough = weights.reduce(0, +) * rule.topP
        var sum = 0.0
        let count = weights.firstIndex { weight in
            sum += weight
            return sum >= enough
        }
        return Array(weights.prefix((count ?? weights.count - 1) + 1))
    }

    private func index(_ weights: [Double], at share: Double) -> Int {
        var left = share * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            left -= weight
            if left < 0 { return index }
        }
        return weights.count - 1
    }
}
