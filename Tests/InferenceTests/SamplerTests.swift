import Inference
import Testing

@Suite("Sampling")
struct SamplerTests {
    private let logits: [Float] = [0.5, 2, -1, 2, 1.5, 0]

    /// The number of times that each token is drawn in `count` draws.
    private func counts(_ rule: SamplingRule, _ count: Int = 4000, excluding excluded: Int32? = nil) -> [Int] {
        let sampler = Sampler(rule)
        var counts = [Int](repeating: 0, count: logits.count)
        logits.withUnsafeBufferPointer { logits in
            for place in 0..<count { counts[Int(sampler.draw(logits, place: place, excluding: excluded))] += 1 }
        }
        return counts
    }

    private func drawn(_ rule: SamplingRule, excluding excluded: Int32? = nil) -> [Int] {
        counts(rule, excluding: excluded).enumerated().filter { $1 > 0 }.map(\.offset)
    }

    @Test("Greedy selects the most probable token, of equal ones the first, and never the excluded one")
    func greedy() {
        #expect(drawn(SamplingRule(temperature: 7, greedy: true)) == [1])
        #expect(drawn(SamplingRule(greedy: true), excluding: 1) == [3])
        #expect(drawn(SamplingRule(temperature: 0)) == [1] && drawn(SamplingRule(temperature: 0), excluding: 1) == [3])
    }

    @Test("Top-k draws from the k most probable tokens, of equal ones from the first")
    func topK() {
        #expect(drawn(SamplingRule(topK: 1)) == [1])
        #expect(drawn(SamplingRule(topK: 3)) == [1, 3, 4])
        #expect(drawn(SamplingRule(topK: 100)) == [0, 1, 2, 3, 4, 5])
        #expect(drawn(SamplingRule(topK: 2), excluding: 3) == [1, 4])
    }

    @Test("Without a limit, any token is drawn except the excluded one", arguments: [nil, 0, 3, 5])
    func excluded(_ token: Int32?) {
        #expect(drawn(SamplingRule(), excluding: token) == (0..<6).filter { $0 != token.map(Int.init) })
    }

    @Test("Top-p draws from the fewest most probable tokens whose sum reaches p")
    func topP() {
        // Probabilities: 0.081 0.363 0.018 0.363 0.22 0.049, out of 1.094: 0.332 0.332 0.201 0.074 0.045 0.017 in order.
        #expect(drawn(SamplingRule(topP: 1e-9)) == [1])
        #expect(drawn(SamplingRule(topP: 0.34)) == [1, 3])
        #expect(drawn(SamplingRule(topP: 0.67)) == [1, 3, 4])
        #expect(drawn(SamplingRule(topP: 0.95)) == [0, 1, 3, 4, 5])
        #expect(drawn(SamplingRule(topK: 2, topP: 0.95)) == [1, 3])
    }

    @Test("Frequencies match the softmax with the temperature", arguments: [0.5, 1, 3])
    func frequencies(temperature: Double) {
        let weights = logits.map { exponential(Double($0) / temperature) }
        let total = weights.reduce(0, +)
        let drawn = counts(SamplingRule(temperature: temperature, seed: 5))
        for (token, weight) in weights.enumerated() {
            let expected = weight / total
            let error = abs(Double(drawn[token]) / 4000 - expected)
            #expect(error < 4 * (expected * (1 - expected) / 4000).squareRoot(), "token \(token)")
        }
    }

    @Test("A temperature near zero is greedy, a very high one is uniform, and neither overflows")
    func temperatureLimits() {
        #expect(drawn(SamplingRule(temperature: 1e-300)) == [1, 3])
        let hot = counts(SamplingRule(temperature: 1e300), 6000)
        #expect(hot.allSatisfy { abs($0 - 1000) < 120 }, "\(hot)")
    }

    @Test("A token depends only on seed and position")
    func seeds() {
        let draw = { (seed: UInt64, place: Int) in
            logits.withUnsafeBufferPointer { Sampler(SamplingRule(seed: seed)).draw($0, place: place) }
        }
        let forward = (0..<200).map { draw(1, $0) }
        #expect((0..<200).reversed().map { draw(1, $0) }.reversed() == forward)
        #expect((0..<200).map { draw(2, $0) } != forward)
    }

    /// e^x by repeated multiplication, so that the test shares no code with its subject.
    private func exponential(_ x: Double) -> Double {
        if abs(x) > 0.01 { return exponential(x / 2) * exponential(x / 2) }
        return 1 + x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4)))
    }
}
