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

    /// Losses, and the gradient from kept exponentials or recomputed from the logits.
    func run(gradientScale: Float, keeping: Bool = true) -> (losses: [Double], values: [Float]) {
        let softmax = SoftmaxRows(maximumRows: logits.rows, columns: logits.columns, mostKeptBytes: keeping ? 1 << 30 : 0)
        softmax.begin(rows: logits.rows, targets: targets, mask: mask)
        for index in 0..<softmax.groupCount {
            let columns = softmax.columns(index)
            softmax.place(index).fill(logits.slice(columns: columns).values)
            softmax.take(index)
        }
        let losses = Array(UnsafeBufferPointer(start: softmax.losses(), count: logits.rows))
        var gradient = [Float](repeating: .nan, count: logits.rows * logits.columns)
        for index in 0..<softmax.groupCount {
            let columns = softmax.columns(index)
            if !softmax.keepsGroups { softmax.place(index).fill(logits.slice(columns: columns).values) }
            let found = softmax.gradient(index, scale: gradientScale)
            for (r, c) in (0..<logits.rows).flatMap({ r in columns.map { (r, $0) } }) {
                gradient[r * logits.columns + c] = found[r, c - columns.lowerBound]
            }
        }
        return (losses, gradient)
    }

    /// One row alone.
    func row(_ r: Int) -> SoftmaxCase {
        var one = SoftmaxCase(rows: 1, columns: logits.columns, scale: 0, seed: 1)
        one.logits.fill(logits.slice(rows: r..<(r + 1)).values)
        (one.targets, one.mask) = ([targets[r]], [mask[r]])
        return one
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
        /// The roundings of a term: its difference from the maximum (below 2^5, so 2^5 half ulps of 1), its exponential, the sum in 32
        /// lanes and their reduction, the scaling of the group with two more exponentials, and the last products.
        private func bound(columns: Int) -> Double { Double(2 * (32 + 3) + columns / 32 + 6 + 6 + columns / 192) * unitRoundoff }

        @Test("Losses and gradients equal those in Double within the expected roundings", arguments: oddSizes + [1000])
        func accuracy(columns: Int) {
            let sizes = SoftmaxCase(rows: 5, columns: columns, scale: 8, seed: UInt64(columns))
            let (bound, scale) = (bound(columns: columns), Float(0.25))
            Processor.atEachLevel { level in
                let (losses, gradient) = sizes.run(gradientScale: scale)
                for r in [0, 1, 3, 4] {
                    let exact = sizes.exact(r)
                    #expect(abs(losses[r] - exact.loss) <= bound, "\(level), row \(r)")
                    for c in 0..<columns {
                        let expected = (exact.probabilities[c] - (c == Int(sizes.targets[r]) ? 1 : 0)) * Double(scale)
                        let allowed = Double(scale) * bound * exact.probabilities[c] + unitRoundoff * abs(expected)
                        #expect(abs(Double(gradient[r * columns + c]) - expected) <= allowed, "\(level), [\(r), \(c)]")
                    }
                }
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

        @Test("A masked row has zero loss and gradient for any logits")
        func masked() {
            let sizes = SoftmaxCase(rows: 4, columns: 33, scale: 1, seed: 1)
            sizes.logits[2, 5] = .nan
            Processor.atEachLevel { level in
                let (losses, gradient) = sizes.run(gradientScale: 1)
                #expect(losses[2] == 0, "\(level)")
                #expect(gradient[66..<99].allSatisfy { $0 == 0 }, "\(level)")
                #expect(losses[1] > 0 && losses[3] > 0, "\(level)")
            }
        }

        @Test("Kept exponentials and recomputed logits give the same bits", arguments: [65, 192, 193, 500])
        func keptOrNot(columns: Int) {
            let sizes = SoftmaxCase(rows: 5, columns: columns, scale: 3, seed: 2)
            Processor.atEachLevel { level in
                let (kept, again) = (sizes.run(gradientScale: 1), sizes.run(gradientScale: 1, keeping: false))
                #expect(differingBits(kept.values, again.values) == 0, "\(level)")
                #expect(kept.losses == again.losses, "\(level)")
            }
        }

        @Test("Huge logits do not overflow")
        func huge() {
            var sizes = SoftmaxCase(rows: 1, columns: 17, scale: 0, seed: 3)
            sizes.logits[0, 4] = 3e38
            sizes.logits[0, 9] = -3e38
            sizes.targets = [4]
            Processor.atEachLevel { level in
                let (losses, gradient) = sizes.run(gradientScale: 1)
                #expect(losses == [0] && gradient.allSatisfy { abs($0) < 1e-37 }, "\(level)")
            }
            sizes.targets = [9]
            Processor.atEachLevel { level in
                let (losses, gradient) = sizes.run(gradientScale: 1)
                #expect(losses == [Double(Float(3e38)) * 2], "\(level)")
                #expect(gradient[4] == 1 && gradient[9] == -1, "\(level)")
            }
        }

        @Test("A NaN or infinite logit at any position makes the loss NaN", arguments: [1, 16, 33, 200])
        func notFinite(columns: Int) {
            for (at, value) in (0..<columns).flatMap({ at in [Float.nan, .infinity].map { (at, $0) } }) {
                let sizes = SoftmaxCase(rows: 2, columns: columns, scale: 1, seed: 4)
                sizes.logits[0, at] = value
                Processor.atEachLevel { level in
                    let (losses, _) = sizes.run(gradientScale: 1)
                    #expect(losses[0].isNaN && losses[1].isFinite, "\(level): \(value) at \(at)")
                }
            }
        }

        @Test("Each level gives the same bits, and a row's bits do not depend on other rows")
        func sameBits() {
            let sizes = SoftmaxCase(rows: 6, columns: 277, scale: 5, seed: 5)
            var first: (losses: [Double], values: [Float])?
            Processor.atEachLevel { level in
                let found = sizes.run(gradientScale: 0.125)
                #expect(found.losses == first?.losses ?? found.losses, "\(level)")
                #expect(differingBits(found.values, (first ?? found).values) == 0, "\(level)")
                first = found
                for r in 0..<6 { #expect(sizes.row(r).run(gradientScale: 0).losses == [found.losses[r]], "\(level), row \(r)") }
            }
        }
    }
}
