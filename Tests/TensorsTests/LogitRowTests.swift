import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Entropy and rank of a row of logits")
struct LogitRowTests {
    private static func entropy(_ logits: [Float]) -> Double {
        logits.withUnsafeBufferPointer { LogitRow.figures(of: 0, $0).entropy }
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
        // As the program does. Otherwise the smallest exponential times 1e30 is not 0.
        Processor.flushDenormals()
        #expect(abs(Self.entropy([Float](repeating: -3, count: 100)) - Foundation.log(100)) < 1e-12)
        #expect(Self.entropy([1e30, -1e30, 0]) == 0)
        // Their difference is not finite in single precision.
        for count in [0, 200] { #expect(Self.entropy([3e38, -3e38] + [Float](repeating: -3e38, count: count)) == 0) }
        #expect(Self.entropy([0, -.infinity]) == 0)
        #expect(Self.entropy([1, .nan, 0]).isNaN)
    }

    @Test("Probabilities of large logits have the sum 1, and the entropy of the row")
    func softmax() {
        Processor.flushDenormals()  // as the program does
        var random = SeededRandom(state: 3)
        for scale: Float in [1, 1e4, 1e15, 3e38] {
            let logits = (0..<500).map { _ in Float.random(in: -1...1, using: &random) * scale }
            var found = [Double](repeating: 0, count: 500)
            logits.withUnsafeBufferPointer { LogitRow.softmax($0, into: &found) }
            let entropy = found.reduce(0) { $1 > 0 ? $0 - $1 * Foundation.log($1) : $0 }
            #expect(
                abs(found.reduce(0, +) - 1) < 1e-12 && abs(entropy - Self.entropy(logits)) < 1e-5,
                "\(scale): \(entropy), \(Self.entropy(logits))")
        }
    }

    @Test("The rank counts larger logits; equal ones share the smallest rank")
    func rank() {
        let logits: [Float] = [0.5, 2, -1, 2, 0.5]
        let ranks = logits.withUnsafeBufferPointer { row in row.indices.map { LogitRow.figures(of: $0, row).rank } }
        #expect(ranks == [3, 1, 5, 1, 3])
    }

    @Test("Every level gives the same bits of the entropy and the same ranks", arguments: [1, 15, 31, 96, 97, 500, 1037])
    func levels(count: Int) {
        var random = SeededRandom(state: UInt64(count))
        let logits = (0..<count).map { _ in Float.random(in: -9...9, using: &random) }
        var bits: Set<UInt64> = []
        Processor.atEachLevel { level in
            bits.insert(Self.entropy(logits).bitPattern)
            for target in [0, count / 2, count - 1] {
                let rank = logits.withUnsafeBufferPointer { LogitRow.figures(of: target, $0).rank }
                #expect(rank == 1 + logits.count { $0 > logits[target] }, "\(level) \(target)")
            }
        }
        #expect(bits.count == 1)
    }
}
