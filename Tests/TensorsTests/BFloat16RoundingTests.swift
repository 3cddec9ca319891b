import Tensors
import TestSupport
import Testing

extension LevelTests {
    @Suite("Rounding to bf16")
    struct BFloat16RoundingTests {
        private func rounded(_ values: [Float]) -> [UInt16] {
            [UInt16](unsafeUninitializedCapacity: values.count) { buffer, count in
                // An empty array has no address.
                if !values.isEmpty { BFloat16.round(values, count: values.count, into: buffer.baseAddress!) }
                count = values.count
            }
        }

        @Test("Every sign, exponent and upper significand rounds to the nearest, at and around ties")
        func everyUpperHalf() {
            let values = [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff].flatMap { low in
                (0..<UInt32(0x10000)).map { Float(bitPattern: $0 << 16 | low) }
            }
            let expected = values.map(nearestBFloat16)
            Processor.atEachLevel { level in
                let found = rounded(values)
                let wrong = values.indices.first { found[$0] != expected[$0] }
                #expect(
                    wrong == nil,
                    "\(level): \(wrong.map { "\(values[$0].bitPattern) gives \(found[$0]), not \(expected[$0])" } ?? "")")
            }
        }

        @Test("NaN, infinity, denormals and the largest numbers are rounded as documented")
        func special() {
            let cases: [(UInt32, UInt16)] = [
                (0x7f80_0001, 0x7fc0), (0xff80_0001, 0xffc0), (0x7fff_ffff, 0x7fff), (0x7f80_0000, 0x7f80), (0xff80_0000, 0xff80),
                (0x007f_ffff, 0), (0x8000_0001, 0x8000), (0x0080_0000, 0x0080), (0x7f7f_ffff, 0x7f80), (0x7f7f_7fff, 0x7f7f),
                (0x3f80_8000, 0x3f80), (0x3f81_8000, 0x3f82), (0, 0), (0x8000_0000, 0x8000),
            ]
            Processor.atEachLevel { level in
                #expect(rounded(cases.map { Float(bitPattern: $0.0) }) == cases.map(\.1), "\(level)")
            }
        }

        @Test("Any number of random floats is rounded, and nothing is written past them")
        func counts() {
            var random = SeededRandom(state: 3)
            let values = (0..<130).map { _ in Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random)) }
            Processor.atEachLevel { level in
                for count in [0] + oddSizes + [64, 127] {
                    var found = [UInt16](repeating: 0xabcd, count: count + 3)
                    BFloat16.round(Array(values[1..<(1 + count)]) + [0], count: count, into: &found)
                    let expected = values[1..<(1 + count)].map(nearestBFloat16) + [0xabcd, 0xabcd, 0xabcd]
                    #expect(found == expected, "\(level), \(count)")
                }
            }
        }
    }
}
