import Tensors
import TestSupport
import Testing

/// A vector of Random123's file `kat_vectors`, lines `philox4x32 10`.
private struct KnownAnswer: Sendable {
    let counter: [UInt32]
    let key: [UInt32]
    let answer: [UInt32]

    static let all = [
        KnownAnswer(
            counter: [0, 0, 0, 0], key: [0, 0], answer: [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        KnownAnswer(
            counter: [.max, .max, .max, .max], key: [.max, .max],
            answer: [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        KnownAnswer(
            counter: [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], key: [0xa409_3822, 0x299f_31d0],
            answer: [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]),
    ]
}

@Suite("Counter-based random numbers")
struct CounterRandomTests {
    /// Random numbers with key `key`: the seed compensates for the purpose.
    private func random(key: UInt64) -> CounterRandom {
        let purpose = CounterRandom.Purpose.initialization
        return CounterRandom(seed: key ^ (purpose.rawValue &* 0xD1B5_4A32_D192_ED03), purpose: purpose)
    }

    private func block(_ counter: [UInt32], key: UInt64) -> [UInt32] {
        let (a, b) = (UInt64(counter[1]) << 32 | UInt64(counter[0]), UInt64(counter[3]) << 32 | UInt64(counter[2]))
        let (w0, w1, w2, w3) = random(key: key).block(a, b)
        return [w0, w1, w2, w3]
    }

    @Test("Blocks of the kernels and of the oracle are Random123's known answers", arguments: 0..<3)
    func knownAnswers(at index: Int) {
        let known = KnownAnswer.all[index]
        #expect(block(known.counter, key: UInt64(known.key[1]) << 32 | UInt64(known.key[0])) == known.answer)
        #expect(naivePhilox(counter: known.counter, key: known.key) == known.answer)
    }

    @Test("Blocks equal those of the oracle for random counters and keys")
    func oracle() {
        var seeded = SeededRandom(state: 4)
        for _ in 0..<500 {
            let counter = (0..<4).map { _ in UInt32.random(in: 0...(.max), using: &seeded) }
            let key = UInt64.random(in: 0...(.max), using: &seeded)
            #expect(block(counter, key: key) == naivePhilox(counter: counter, key: words(key)))
        }
    }

    @Test("Uniform numbers are the upper 53 bits of the first two words, uniform in 0..<1")
    func uniform() {
        let numbers = CounterRandom(seed: 7, purpose: .generation)
        var counts = [Int](repeating: 0, count: 10)
        for i in 0..<UInt64(50_000) {
            let (high, low, _, _) = numbers.block(i, 3)
            let value = numbers.uniform(i, 3)
            #expect(value == Double((UInt64(high) << 32 | UInt64(low)) >> 11) / 0x1p53)
            counts[Int(value * 10)] += 1
        }
        // Five standard deviations of 5000 out of 50,000.
        #expect(counts.allSatisfy { abs($0 - 5000) < 336 }, "\(counts)")
    }

    @Test("Different purposes and seeds give different numbers")
    func purposes() {
        let purposes: [CounterRandom.Purpose] = [.initialization, .generation, .dataset]
        let numbers = purposes.flatMap { purpose in
            (0..<UInt64(20)).map { CounterRandom(seed: $0, purpose: purpose).uniform(1, 2) }
        }
        #expect(Set(numbers).count == 60)
    }
}
