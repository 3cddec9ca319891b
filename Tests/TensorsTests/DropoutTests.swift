import Foundation
import Tensors
import TestSupport
import Testing

/// A window of ones after dropout: the mask times the scale.
private func mask(
    _ probability: Float, steps: Int = 3, streams: Int = 5, columns: Int = 70, layer: Int = 1, seed: UInt64 = 11, step: Int = 9,
    firstStream: Int = 2
) -> [Float] {
    var y = [Float](repeating: 1, count: steps * streams * columns)
    let key = Dropout.Key(seed: seed, step: step, firstStream: firstStream)
    y.withUnsafeMutableBufferPointer { y in
        guard let base = y.baseAddress else { return }
        Dropout(probability: probability).apply(
            steps: steps, streams: streams, columns: columns, layer: layer, key: key, x: base, y: base)
    }
    return y
}

/// Whether a unit is kept, from the definition of Philox. In a block of 64 units, unit `16 i + lane` uses word i of counter
/// `lane`.
private func isKept(
    _ unit: Int, _ probability: Float, layer: Int, time: Int, stream: Int, seed: UInt64, step: Int
) -> Bool {
    let counter = [UInt32(unit / 64 * 16 + unit % 16), UInt32(stream), UInt32(time), UInt32(step)]
    let key = seed ^ (UInt64(layer + 1) &* 0x9E37_79B9_7F4A_7C15)
    return Double(naivePhilox(counter: counter, key: words(key))[unit % 64 / 16]) >= Double(probability) * 0x1p32
}

extension LevelTests {
    @Suite("Dropout")
    struct DropoutTests {
        @Test("Each unit's mask equals that of the oracle, at each level", arguments: [1, 7, 15, 16, 17, 33, 63, 64, 65, 130])
        func oracle(columns: Int) {
            let expected = (0..<15).flatMap { row in
                (0..<columns).map { unit -> Float in
                    isKept(unit, 0.3, layer: 1, time: row / 5, stream: 2 + row % 5, seed: 11, step: 9) ? 1 / (1 - 0.3) : 0
                }
            }
            Processor.atEachLevel { level in
                #expect(mask(0.3, columns: columns) == expected, "\(level)")
            }
        }

        @Test(
            "The share of kept units is 1 - p within five standard deviations", arguments: [0, 0.1, 0.5, 0.65, 0.99] as [Float])
        func share(probability: Float) {
            let values = mask(probability, steps: 20, streams: 50, columns: 200)
            let kept = values.count { $0 != 0 }
            let (n, p) = (Double(values.count), Double(probability))
            #expect(abs(Double(kept) - n * (1 - p)) <= 5 * (n * p * (1 - p)).squareRoot())
            #expect(values.allSatisfy { $0 == 0 || $0 == 1 / (1 - probability) })
        }

        @Test("A stream's mask does not depend on its rank")
        func ranks() {
            let (steps, streams, columns) = (4, 7, 33)
            let whole = mask(0.4, steps: steps, streams: streams, columns: columns, firstStream: 0)
            Processor.atEachLevel { level in
                for first in 0..<streams {
                    for last in first..<streams {
                        let own = mask(
                            0.4, steps: steps, streams: last - first + 1, columns: columns, firstStream: first)
                        let expected = (0..<steps).flatMap { t -> ArraySlice<Float> in
                            let (from, to) = (t * streams + first, t * streams + last + 1)
                            return whole[(from * columns)..<(to * columns)]
                        }
                        #expect(own == expected, "\(level), streams \(first)...\(last)")
                    }
                }
            }
        }

        @Test("A gradient passes if its value passed, with the same factor; values may be overwritten in place")
        func backward() {
            var random = SeededRandom(state: 8)
            let values = random.floats(2 * 3 * 21)
            let key = Dropout.Key(seed: 5, step: 1, firstStream: 0)
            let ones = mask(0.5, steps: 2, streams: 3, columns: 21, layer: 0, seed: 5, step: 1, firstStream: 0)
            var result = [Float](repeating: .nan, count: values.count)
            Dropout(probability: 0.5).apply(steps: 2, streams: 3, columns: 21, layer: 0, key: key, x: values, y: &result)
            #expect(result == zip(values, ones).map { $1 == 0 ? 0 : $0 * $1 })
        }

        @Test("Masks of other layers, steps, seeds, times and streams are independent")
        func independence() {
            func of(layer: Int = 0, step: Int = 1, seed: UInt64 = 1, firstStream: Int = 0) -> [Float] {
                mask(0.5, steps: 4, streams: 10, columns: 500, layer: layer, seed: seed, step: step, firstStream: firstStream)
            }
            let masks = [
                of(), of(layer: 1), of(layer: 2), of(step: 2), of(step: 3), of(seed: 2), of(seed: 1 << 40), of(firstStream: 10),
            ]
            for (i, a) in masks.enumerated() {
                for b in masks[..<i] { expectIndependent(a, b) }
            }
            for shift in [500, 5000] { expectIndependent(Array(masks[0].dropFirst(shift)), masks[0]) }
        }

        /// Half of the units agree, within five standard deviations.
        private func expectIndependent(_ a: [Float], _ b: [Float]) {
            let n = Double(min(a.count, b.count))
            let agreeing = Double(zip(a, b).count { ($0 == 0) == ($1 == 0) })
            #expect(abs(agreeing - n / 2) < 5 * (n / 4).squareRoot(), "\(agreeing) of \(n)")
        }
    }
}
