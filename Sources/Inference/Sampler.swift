import Tasks
import Tensors

/// How the next token is sampled from a model's logits.
public struct SamplingRule: Sendable, Equatable {
    /// Divides the logits; 0: the most probable token is always selected.
    public var temperature: Double
    /// The number of most probable tokens to sample from; 0 means all.
    public var topK: Int
    /// The smallest total probability of the tokens to sample from, most probable first (Holtzman et al. 2020); 1 means all.
    public var topP: Double
    /// Always select the most probable token.
    public var greedy: Bool
    public var seed: UInt64
    /// Whether the most probable token is always selected, which is the limit of a temperature that approaches 0.
    public var isGreedy: Bool { greedy || temperature == 0 }

    /// - Parameters:
    ///   - temperature: a finite number from 0.
    ///   - topK: from 0.
    ///   - topP: above 0, at most 1.
    public init(temperature: Double = 1, topK: Int = 0, topP: Double = 1, greedy: Bool = false, seed: UInt64 = 1) {
        precondition(temperature >= 0 && temperature.isFinite, "the temperature \(temperature)")
        precondition(topK >= 0, "the \(topK) most probable tokens")
        precondition(topP > 0 && topP <= 1, "the most probable tokens whose probabilities sum to \(topP)")
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.greedy = greedy
        self.seed = seed
    }
}

/// Samples tokens. Each token has its own random number, and depends only on the seed, its sample, its position and the logits.
package struct Sampler {
    package let rule: SamplingRule
    private let random: CounterRandom

    package init(_ rule: SamplingRule) {
        self.rule = rule
        random = CounterRandom(seed: rule.seed, purpose: .generation)
    }

    /// The token at position `place` of sample `sample`. A given `excluded` token is never sampled.
    package func draw(
        _ logits: UnsafeBufferPointer<Float>, place: Int, sample: Int = 0, excluding excluded: Int32? = nil
    ) -> Int32 {
        let excluded = excluded.map(Int.init) ?? -1
        if rule.isGreedy {
            return Int32(logits.indices.lazy.filter { $0 != excluded }.max { logits[$0] < logits[$1] } ?? 0)
        }
        let share = random.uniform(UInt64(place), UInt64(sample))
        guard rule.topK > 0 || rule.topP < 1 else {
            let chosen = index(weights(of: logits, excluding: excluded), at: share)
            return Int32(chosen == excluded ? chosen - 1 : chosen)  // if the last token is excluded, rounding may select it
        }
        let candidates = mostProbable(of: logits, excluding: excluded)
        let largest = candidates.first.map { logits[$0] } ?? 0
        var weights = candidates.map { weight(logits[$0], largest: largest) }
        if rule.topP < 1 { weights = nucleus(weights) }
        return Int32(candidates[index(weights, at: share)])
    }

    private func weight(_ logit: Float, largest: Float) -> Double { exponential(Double(logit - largest) / rule.temperature) }

    /// The weight of every token, 0 for the excluded one. One array and plain loops: with thousands of tokens this takes as long
    /// as the model.
    private func weights(of logits: UnsafeBufferPointer<Float>, excluding excluded: Int) -> [Double] {
        var largest = -Float.infinity
        for index in logits.indices where index != excluded && logits[index] > largest { largest = logits[index] }
        return [Double](unsafeUninitializedCapacity: logits.count) { weights, count in
            for index in logits.indices {
                weights.initializeElement(at: index, to: index == excluded ? 0 : weight(logits[index], largest: largest))
            }
            count = logits.count
        }
    }

    /// The most probable tokens by descending logit, as many as the rule needs. Ties are ordered by token number, so the order is
    /// deterministic.
    private func mostProbable(of logits: UnsafeBufferPointer<Float>, excluding excluded: Int) -> [Int] {
        let sorted = logits.indices.filter { $0 != excluded }.sorted { a, b in
            logits[a] != logits[b] ? logits[a] > logits[b] : a < b
        }
        return rule.topK > 0 ? Array(sorted.prefix(rule.topK)) : sorted
    }

    /// The first of the sorted weights that add up to `topP` of the total.
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
        for index in weights.indices {
            left -= weights[index]
            if left < 0 { return index }
        }
        return weights.count - 1
    }
}
