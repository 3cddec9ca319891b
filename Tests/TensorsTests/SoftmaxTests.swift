import Foundation
import Tensors
import TestSupport
import Testing

/// Rows of logits with their targets and masks.
private struct SoftmaxCase {
    let logits: MatrixView
    var targets: [Int32]
    var mask: [Float]
    private let workspace = Workspace()

    /// The third row is masked.
    init(rows: Int, columns: Int, scale: Float, seed: UInt64) {
        var random = SeededRandom(state: seed)
        logits = workspace.random(rows: rows, columns: columns, gap: 3, from: &random)
        logits.fill(logits.values.map { $0 * scale })
        targets = (0..<rows).map { _ in Int32.random(in: 0..<Int32(columns), using: &random) }
        mask = (0..<rows).map { $0 == 2 ? 0 : 1 }
    }

    /// Losses, the logits afterwards, and whether what is between their rows stayed.
    func run(gradientScale: Float) -> (losses: [Double], values: [Float], gapsAreIntact: Bool) {
        let copy = workspace.withGaps(rows: logits.rows, columns: logits.columns, gap: 3)
        copy.fill(logits.values)
        var losses = [Double](repeating: -1, count: logits.rows)
        RowKernels.softmaxLoss(copy, targets: targets, mask: mask, gradientScale: gradientScale, losses: &losses)
        return (losses, copy.values, copy.gapsAreIntact)
    }

    /// -log softmax and softmax of a row, in Double.
    func exact(_ row: Int) -> (loss: Double, probabilities: [Double]) {
        let values = (0..<logits.columns).map { Double(logits[row, $0]) }
        let largest = values.max() ?? 0
        let sum = values.reduce(0) { $0 + exp($1 - largest) }
        return (largest - values[Int(targets[row])] + log(sum), values.map { exp($0 - largest) / sum })
    }
}

extension LevelTests {
    @Suite("Softmax with cross entropy")
    struct SoftmaxTests {
        /// Roundings on the way of a term: its difference to the maximum (under 2^5, hence 2^5 half ulps of 1), its exponential,
        /// the sum in 32 lanes and their fold, and the last product.
        private func bound(columns: Int) -> Double { Double(32 + 3 + columns / 32 + 6 + 3) * unitRoundoff }

        @Test("Losses and gradients are those of Double within the roundings on their way", arguments: oddSizes + [1000])
        func accuracy(columns: Int) {
            let sizes = SoftmaxCase(rows: 5, columns: columns, scale: 8, seed: UInt64(columns))
            let (bound, scale) = (bound(columns: columns), Float(0.25))
            Processor.atEachLevel { level in
                let (losses, gradient, gapsAreIntact) = sizes.run(gradientScale: scale)
                for r in [0, 1, 3, 4] {
                    let exact = sizes.exact(r)
                    #expect(abs(losses[r] - exact.loss) <= bound, "\(level), row \(r)")
                    for c in 0..<columns {
                        let expected = (exact.probabilities[c] - (c == Int(sizes.targets[r]) ? 1 : 0)) * Double(scale)
                        let allowed = Double(scale) * bound * exact.probabilities[c] + unitRoundoff * abs(expected)
                        #expect(abs(Double(gradient[r * columns + c]) - expected) <= allowed, "\(level), [\(r), \(c)]")
                    }
                }
                #expect(gapsAreIntact, "\(level)")
            }
        }

        @Test("Each gradient row sums to zero", arguments: oddSizes)
        func gradientSums(columns: Int) {
            let sizes = SoftmaxCase(rows: 5, columns: columns, scale: 4, seed: 7)
            let gradient = sizes.run(gradientScale: 1).values
            for r in 0..<5 {
                let sum = (0..<columns).reduce(0) { $0 + Double(gradient[r * columns + $1]) }
                #expect(abs(sum) <= Double(10 + columns / 16) * unitRoundoff, "row \(r): \(sum)")
            }
        }

        @Test("A masked row has no loss and no gradient, whatever its logits are")
        func masked() {
            let sizes = SoftmaxCase(rows: 4, columns: 33, scale: 1, seed: 1)
            sizes.logits[2, 5] = .nan
            Processor.atEachLevel { level in
                let (losses, gradient, _) = sizes.run(gradientScale: 1)
                #expect(losses[2] == 0, "\(level)")
                #expect(gradient[66..<99].allSatisfy { $0 == 0 }, "\(level)")
                #expect(losses[1] > 0 && losses[3] > 0, "\(level)")
            }
        }

        @Test("Without a gradient the logits stay, and the losses have the same bits")
        func lossAlone() {
            let sizes = SoftmaxCase(rows: 5, columns: 65, scale: 3, seed: 2)
            Processor.atEachLevel { level in
                let (losses, logits, _) = sizes.run(gradientScale: 0)
                #expect(differingBits(logits, sizes.logits.values) == 0, "\(level)")
                #expect(losses == sizes.run(gradientScale: 1).losses, "\(level)")
            }
        }

        @Test("Huge logits do not overflow")
        func huge() {
            var sizes = SoftmaxCase(rows: 1, columns: 17, scale: 0, seed: 3)
            sizes.logits[0, 4] = 3e38
            sizes.logits[0, 9] = -3e38
            sizes.targets = [4]
            Processor.atEachLevel { level in
                let (losses, gradient, _) = sizes.run(gradientScale: 1)
                #expect(losses == [0] && gradient.allSatisfy { $0 == 0 }, "\(level)")
            }
            sizes.targets = [9]
            Processor.atEachLevel { level in
                let (losses, gradient, _) = sizes.run(gradientScale: 1)
                #expect(losses == [Double(Float(3e38)) * 2], "\(level)")
                #expect(gradient[4] == 1 && gradient[9] == -1, "\(level)")
            }
        }

        @Test("A logit that is NaN or infinite makes the loss NaN, wherever it stands", arguments: [1, 16, 33])
        func notFinite(columns: Int) {
            for (at, value) in (0..<columns).flatMap({ at in [Float.nan, .infinity, -.infinity].map { (at, $0) } }) {
                let sizes = SoftmaxCase(rows: 2, columns: columns, scale: 1, seed: 4)
                sizes.logits[0, at] = value
                Processor.atEachLevel { level in
                    let (losses, _, _) = sizes.run(gradientScale: 1)
                    #expect(losses[0].isNaN && losses[1].isFinite, "\(level): \(value) at \(at)")
                }
            }
        }

        @Test("Each level gives the same bits, and a row alone those that it has among others")
        func sameBits() {
            let sizes = SoftmaxCase(rows: 6, columns: 77, scale: 5, seed: 5)
            var first: (losses: [Double], values: [Float], Bool)?
            Processor.atEachLevel { level in
                let found = sizes.run(gradientScale: 0.125)
                #expect(found.losses == first?.losses ?? found.losses, "\(level)")
                #expect(differingBits(found.values, (first ?? found).values) == 0, "\(level)")
                first = found
                for r in 0..<6 {
                    var loss = -1.0
                    let row = sizes.logits.slice(rows: r..<(r + 1))
                    RowKernels.softmaxLoss(
                        row, targets: [sizes.targets[r]], mask: [sizes.mask[r]], gradientScale: 0, losses: &loss)
                    #expect(loss == found.losses[r], "\(level), row \(r)")
                }
            }
        }
    }
}
