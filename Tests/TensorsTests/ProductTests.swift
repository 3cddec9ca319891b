import Tensors
import TestSupport
import Testing

/// Operands of a product with gaps between their rows, and what must come out.
private struct ProductCase {
    let a: MatrixView
    let weights: MatrixView  // [columns, inner]
    let before: MatrixView  // what the result holds at first
    let expected: [[Float]]  // overwritten, accumulated
    let description: String
    private let workspace = Workspace()

    init(rows: Int, inner: Int, columns: Int, seed: UInt64) {
        var random = SeededRandom(state: seed)
        let a = workspace.random(rows: rows, columns: inner, gap: 3, from: &random)
        let weights = workspace.random(rows: columns, columns: inner, gap: 5, from: &random)
        let before = workspace.random(rows: rows, columns: columns, gap: 2, from: &random)
        expected = [false, true].map { accumulate in
            (0..<rows).flatMap { r in
                (0..<columns).map { chain(a, r, weights, $0, from: accumulate ? before[r, $0] : 0) }
            }
        }
        (self.a, self.weights, self.before) = (a, weights, before)
        description = "[\(rows), \(inner)] times [\(inner), \(columns)]"
    }

    /// Multiplies at the level in use; `direct` packs the weights from their transpose.
    func product(accumulate: Bool, direct: Bool) -> MatrixView {
        let packed = PackedMatrix(inner: a.columns, columns: weights.rows, workspace: workspace)
        if direct { packed.pack(transposedWeights()) } else { packed.packTransposed(weights) }
        let result = workspace.withGaps(rows: a.rows, columns: weights.rows, gap: 2)
        result.fill(before.values)
        packed.multiply(a, into: result, accumulate: accumulate)
        return result
    }

    private func transposedWeights() -> MatrixView {
        let result = workspace.withGaps(rows: weights.columns, columns: weights.rows, gap: 4)
        for i in 0..<weights.columns {
            for j in 0..<weights.rows { result[i, j] = weights[j, i] }
        }
        return result
    }

    /// The largest error by its bound: one rounding a term, of the sum of magnitudes.
    func shareOfBound(_ result: MatrixView) -> Double {
        var worst = 0.0
        for r in 0..<a.rows {
            for c in 0..<weights.rows {
                let terms = (0..<a.columns).map { Double(a[r, $0]) * Double(weights[c, $0]) } + [Double(before[r, c])]
                let bound = Double(a.columns) * unitRoundoff * terms.reduce(0) { $0 + abs($1) }
                worst = max(worst, abs(Double(result[r, c]) - terms.reduce(0, +)) / bound)
            }
        }
        return worst
    }
}

/// `start + sum over i of a[r, i] * weights[c, i]`, each term added by a fused multiply-add.
private func chain(_ a: MatrixView, _ r: Int, _ weights: MatrixView, _ c: Int, from start: Float) -> Float {
    (0..<a.columns).reduce(start) { $0.addingProduct(a[r, $1], weights[c, $1]) }
}

extension LevelTests {
    @Suite("Products with a packed matrix")
    struct ProductTests {
        private func check(_ sizes: ProductCase) {
            Processor.atEachLevel { level in
                for (accumulate, direct) in [(false, false), (true, false), (false, true), (true, true)] {
                    let result = sizes.product(accumulate: accumulate, direct: direct)
                    let differing = differingBits(result.values, sizes.expected[accumulate ? 1 : 0])
                    #expect(differing == 0, "\(level), \(sizes.description), accumulate \(accumulate), direct \(direct)")
                    #expect(result.gapsAreIntact, "\(level), \(sizes.description)")
                }
            }
        }

        @Test("Each element is one chain of fused multiply-adds, for every number of rows, of terms and of columns")
        func everySize() {
            for size in oddSizes {
                check(ProductCase(rows: size, inner: 17, columns: 33, seed: UInt64(size)))
                check(ProductCase(rows: 13, inner: size, columns: 33, seed: UInt64(100 + size)))
                check(ProductCase(rows: 13, inner: 17, columns: size, seed: UInt64(200 + size)))
            }
        }

        @Test("The same with nothing to add, no rows or no columns")
        func empty() {
            check(ProductCase(rows: 5, inner: 0, columns: 33, seed: 1))
            check(ProductCase(rows: 0, inner: 7, columns: 33, seed: 2))
            check(ProductCase(rows: 5, inner: 7, columns: 0, seed: 3))
        }

        @Test("The same where the inner pass is split", arguments: [2047, 2048, 2049, 4097])
        func longChains(inner: Int) {
            check(ProductCase(rows: 7, inner: inner, columns: 33, seed: UInt64(inner)))
        }

        @Test("The error is under one rounding a term of the sum of magnitudes", arguments: [1, 65, 2049])
        func error(inner: Int) {
            let sizes = ProductCase(rows: 9, inner: inner, columns: 31, seed: UInt64(inner))
            Processor.atEachLevel { level in
                let share = sizes.shareOfBound(sizes.product(accumulate: true, direct: false))
                #expect(share <= 1, "\(level): \(share) of the bound")
            }
        }

        @Test("A row alone has the bits that it has among 160")
        func rowAlone() {
            var random = SeededRandom(state: 9)
            let workspace = Workspace()
            defer { withExtendedLifetime(workspace) {} }
            let a = workspace.random(rows: 160, columns: 70, gap: 1, from: &random)
            let packed = PackedMatrix(inner: 70, columns: 65, workspace: workspace)
            packed.packTransposed(workspace.random(rows: 65, columns: 70, gap: 0, from: &random))
            let (together, parts) = (workspace.matrix(rows: 160, columns: 65), workspace.matrix(rows: 160, columns: 65))
            Processor.atEachLevel { level in
                packed.multiply(a, into: together, accumulate: false)
                for rows in 1...13 {
                    for first in stride(from: 0, to: 160, by: rows) {
                        let range = first..<min(first + rows, 160)
                        packed.multiply(a.slice(rows: range), into: parts.slice(rows: range), accumulate: false)
                    }
                    #expect(differingBits(together.values, parts.values) == 0, "\(level), \(rows) rows at a time")
                }
            }
        }
    }
}
