import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Entropy and rank of a row of logits")
struct LogitRowTests {
    private static func entropy(_ logits: [Float]) -> Double {
        var room = [Float](repeating: .nan, count: logits.count)
        return LogitRow.entropy(logits, count: logits.count, exponentials: &room)
    }

    /// `-sum p log p` in double.
    private static func exactEntropy(_ logits: [Float]) -> Double {
        let largest = Double(logits.max() ?? 0)
        let weights = logits.map { Foundation.exp(Double($0) - largest) }
        let sum = weights.reduce(0, +)
        return weights.reduce(0) { $1 > 0 ? $0 - $1 / sum * Foundation.log($1 / sum) : $0 }
    }

    @Test("The entropy equals that in double", arguments: [1, 2, 7, 16, 33, 500, 1037, 33_278])
    func entropyInDouble(count: Int) {
        var random = SeededRandom(state: UInt64(count))
        for scale: Float in [0, 0.1, 3, 40] {
            let logits = (0..<count).map { _ in Float.random(in: -scale...scale, using: &random) + 5 }
            let (found, exact) = (Self.entropy(logits), Self.exactEntropy(logits))
            #expect(abs(found - exact) <= 1e-6 * max(1, exact), "\(count) \(scale): \(found), \(exact)")
        }
    }

    @Test("Extreme rows: the entropy of a uniform row is log V, of a certain one 0, and of one with NaN it is NaN")
    func extremes() {
        #expect(abs(Self.entropy([Float](repeating: -3, count: 100)) - Foundation.log(100)) < 1e-12)
        #expect(Self.entropy([1e30, -1e30, 0]) == 0)
        #expect(Self.entropy([1, .nan, 0]).isNaN)
    }

    @Test("The rank counts larger logits; equal ones share the smallest rank")
    func rank() {
        let logits: [Float] = [0.5, 2, -1, 2, 0.5]
        let ranks = logits.indices.map { LogitRow.rank(of: $0, logits, count: logits.count) }
        #expect(ranks == [3, 1, 5, 1, 3])
    }
}
