import Tensors
import Testing

@Suite("Peak rates of a core")
struct CoreLimitsTests {
    @Test("At every level, every chain of multiply-adds converges to the fixed point")
    func multiplyAdd() {
        Processor.atEachLevel { level in
            #expect(CoreLimits.multiplyAdd(rounds: 64) == 2, "\(level)")
            // After one round x/2 + 1 the chains still differ. The result of a level is the mean of their first values.
            let isWide = level.hasPrefix("avx512")
            let start = -Float((isWide ? 24 : 6) + 1) / 2
            #expect(CoreLimits.multiplyAdd(rounds: 1) == (isWide ? start / 2 + 1 : start / 16 + 1.875), "\(level)")
            let pairs = CoreLimits.multiplyAdd(rounds: 1, .bf16)
            #expect(pairs == (level == "avx512bf16" ? start + 2 : CoreLimits.multiplyAdd(rounds: 2)), "\(level)")
        }
    }

    @Test("Every float is read once, except for less than a unit at the end", arguments: [0, 63, 64, 65, 1000, 4096])
    func read(count: Int) {
        let floats = (0..<count).map { Float($0 % 7) }
        let expected = floats.prefix(count / 64 * 64).reduce(0, +)
        Processor.atEachLevel { level in
            #expect(CoreLimits.read(floats, count: count) == expected, "\(level)")
        }
    }
}
