import Tensors
import TestSupport
import Testing

/// Operands of a product with padding between their rows, and the expected result.
private struct ProductCase {
    let a: MatrixView
    let weights: MatrixView  // [columns, inner]
    let before: MatrixView  // the initial content of the result
    let bias: MatrixView  // [1, columns]
    let description: String
    private let workspace = Workspace()

    init(rows: Int, inner: Int, columns: Int, seed: UInt64) {
        var random = SeededRandom(state: seed)
        a = workspace.random(rows: rows, columns: inner, gap: 3, from: &random)
        weights = workspace.random(rows: columns, columns: inner, gap: 0, from: &random)
        before = workspace.random(rows: rows, columns: columns, gap: 2, from: &random)
        bias = workspace.random(rows: 1, columns: columns, gap: 0, from: &random)
        description = "[\(rows), \(inner)] times [\(inner), \(columns)]"
    }

    /// The expected result.
    func expected(from start: Start) -> [Float] {
        (0..<a.rows).flatMap { r in
            (0..<weights.rows).map { c -> Float in
                let first: Float =
                    switch start {
                    case .zero: 0
                    case .result: before[r, c]
                    case .bias: bias[0, c]
                    }
                return chain(a, r, weights, c, from: first)
            }
        }
    }

    /// Multiplies at the current level, with weights packed in `pieces`.
    func product(from start: Start, _ form: PackedOperand.Form, pieces: Int = 1) -> MatrixView {
        let result = workspace.withGaps(rows: a.rows, columns: weights.rows, gap: 2)
        result.fill(before.values)
        let packed = PackedTestMatrix(form == .forward ? weights : transposedWeights(), form, pieces: pieces)
        packed.matrix.multiply(a, into: result, from: productStart(start))
        return result
    }

    /// The same product in two parts of the columns or of the inner terms.
    func product(columnsCutAt cut: Int) -> MatrixView {
        let result = workspace.withGaps(rows: a.rows, columns: weights.rows, gap: 2)
        let packed = PackedTestMatrix(weights, .forward)
        for part in [0..<cut, cut..<weights.rows] {
            packed.matrix.multiply(
                a, columns: part, into: result.slice(columns: part), from: .bias(bias.pointer + part.lowerBound))
        }
        return result
    }

    func product(termsCutAt cut: Int) -> MatrixView {
        let result = workspace.withGaps(rows: a.rows, columns: weights.rows, gap: 2)
        let packed = PackedTestMatrix(weights, .forward)
        for part in [0..<cut, cut..<weights.columns] {
            packed.matrix.multiply(
                a.slice(columns: part), terms: part, into: result, from: part.lowerBound == 0 ? .zero : .result)
        }
        return result
    }

    private func productStart(_ start: Start) -> ProductStart {
        switch start {
        case .zero: .zero
        case .result: .result
        case .bias: .bias(bias.pointer)
        }
    }

    private func transposedWeights() -> MatrixView {
        let result = workspace.matrix(rows: weights.columns, columns: weights.rows)
        for i in 0..<weights.columns {
            for j in 0..<weights.rows { result[i, j] = weights[j, i] }
        }
        return result
    }

    /// The largest error divided by its bound: one rounding per term, relative to the sum of magnitudes.
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

/// The start values of the sums.
private enum Start: CaseIterable {
    case zero, result, bias
}

/// A matrix packed by `PackedWeights`.
private final class PackedTestMatrix {
    let matrix: PackedMatrix
    private let parameters: ParameterSet
    private let workspace = Workspace()

    /// Packs contiguous `weights` in this number of calls, the last piece first.
    init(_ weights: MatrixView, _ form: PackedOperand.Form, pieces: Int = 1) {
        var layout = ParameterLayout()
        layout.append("before", shape: [3])
        layout.append("weight", shape: [weights.rows, weights.columns])
        let values = workspace.allocate(Float.self, count: layout.elementCount)
        (values + 16).update(from: weights.pointer, count: weights.count)
        parameters = ParameterSet(layout: layout, values: values, gradients: [])
        let packed = PackedLayout(
            [PackedOperand(name: "weight", rows: 0..<weights.rows, form: form)], of: layout)
        let all = PackedWeights(
            packed, values: values, storage: workspace.allocate(Float.self, count: packed.elementCount))
        for piece in (0..<pieces).reversed() {
            all.pack((piece * layout.elementCount / pieces)..<((piece + 1) * layout.elementCount / pieces))
        }
        matrix = all.matrix(parameters.parameter("weight"), form)
    }
}

/// `start + sum over i of a[r, i] * weights[c, i]`, with each term added by a fused multiply-add.
private func chain(_ a: MatrixView, _ r: Int, _ weights: MatrixView, _ c: Int, from start: Float) -> Float {
    (0..<a.columns).reduce(start) { $0.addingProduct(a[r, $1], weights[c, $1]) }
}

extension LevelTests {
    @Suite("Products with a packed matrix")
    struct ProductTests {
        private func check(_ sizes: ProductCase) {
            Processor.atEachLevel { level in
                for start in Start.allCases {
                    let expected = sizes.expected(from: start)
                    for form in [PackedOperand.Form.forward, .backward] {
                        let result = sizes.product(from: start, form)
                        let differing = differingBits(result.values, expected)
                        #expect(differing == 0, "\(level), \(sizes.description), from \(start), \(form)")
                        #expect(result.gapsAreIntact, "\(level), \(sizes.description)")
                    }
                }
            }
        }

        @Test("Weights packed in pieces equal weights packed at once", arguments: [(13, 7), (40, 33), (70, 65)])
        func pieces(columns: Int, inner: Int) {
            let sizes = ProductCase(rows: 5, inner: inner, columns: columns, seed: 3)
            let expected = sizes.expected(from: .zero)
            Processor.atEachLevel { level in
                for (count, form) in [2, 3, 5, 11].flatMap({ [($0, PackedOperand.Form.forward), ($0, .backward)] }) {
                    let result = sizes.product(from: .zero, form, pieces: count)
                    #expect(differingBits(result.values, expected) == 0, "\(level), \(form), \(count) pieces")
                }
            }
        }

        @Test("Pieces of elements end at panel boundaries", arguments: [0..<227_508, 4096..<123_456, 70_001..<70_002])
        func wholePanels(elements: Range<Int>) {
            var parameters = ParameterLayout()
            parameters.append("unpacked", shape: [100, 650])
            parameters.append("weight", shape: [250, 650])
            let layout = PackedLayout([PackedOperand(name: "weight", rows: 0..<250, form: .forward)], of: parameters)
            let workspace = Workspace()
            func floats(_ count: Int) -> UnsafeMutablePointer<Float> { workspace.allocate(Float.self, count: count) }
            let weights = PackedWeights(
                layout, values: floats(parameters.elementCount), storage: floats(layout.elementCount))
            let pieces = weights.pieces(of: elements)
            #expect(pieces.flatMap { Array($0) } == Array(elements))
            let first = 65_008  // arrays begin at cache lines
            for piece in pieces.dropLast() where piece.upperBound > first {
                #expect((piece.upperBound - first) % (32 * 650) == 0, "\(piece)")
            }
            #expect(pieces.allSatisfy { $0.count <= 32 * 650 })
        }

        @Test("Products of some columns or some terms are parts of the whole product", arguments: [1, 13, 100])
        func parts(rows: Int) {
            let sizes = ProductCase(rows: rows, inner: 41, columns: 77, seed: 4)
            Processor.atEachLevel { level in
                #expect(differingBits(sizes.product(columnsCutAt: 64).values, sizes.expected(from: .bias)) == 0, "\(level)")
                #expect(differingBits(sizes.product(termsCutAt: 10).values, sizes.expected(from: .zero)) == 0, "\(level)")
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

        @Test("Products without terms, rows or columns")
        func empty() {
            check(ProductCase(rows: 5, inner: 0, columns: 33, seed: 1))
            check(ProductCase(rows: 0, inner: 7, columns: 33, seed: 2))
            check(ProductCase(rows: 5, inner: 7, columns: 0, seed: 3))
        }

        @Test("Each element is one chain if the inner pass is split", arguments: [2047, 2048, 2049, 4097])
        func longChains(inner: Int) {
            check(ProductCase(rows: 7, inner: inner, columns: 33, seed: UInt64(inner)))
        }

        @Test("Each element is one chain if the rows are processed in blocks", arguments: [(64, 513), (130, 600), (700, 200)])
        func manyRows(rows: Int, inner: Int) {
            check(ProductCase(rows: rows, inner: inner, columns: 17, seed: UInt64(inner)))
        }

        @Test("The error is below one rounding per term, relative to the sum of magnitudes", arguments: [1, 65, 2049])
        func error(inner: Int) {
            let sizes = ProductCase(rows: 9, inner: inner, columns: 31, seed: UInt64(inner))
            Processor.atEachLevel { level in
                let share = sizes.shareOfBound(sizes.product(from: .result, .forward))
                #expect(share <= 1, "\(level): \(share) of the bound")
            }
        }

        @Test("A single row has the same bits as among 160")
        func rowAlone() {
            var random = SeededRandom(state: 9)
            let workspace = Workspace()
            defer { withExtendedLifetime(workspace) {} }
            let a = workspace.random(rows: 160, columns: 70, gap: 1, from: &random)
            let test = PackedTestMatrix(workspace.random(rows: 65, columns: 70, gap: 0, from: &random), .forward)
            defer { withExtendedLifetime(test) {} }
            let packed = test.matrix
            let (together, parts) = (workspace.matrix(rows: 160, columns: 65), workspace.matrix(rows: 160, columns: 65))
            Processor.atEachLevel { level in
                packed.multiply(a, into: together)
                for rows in 1...13 {
                    for first in stride(from: 0, to: 160, by: rows) {
                        let range = first..<min(first + rows, 160)
                        packed.multiply(a.slice(rows: range), into: parts.slice(rows: range))
                    }
                    #expect(differingBits(together.values, parts.values) == 0, "\(level), \(rows) rows at a time")
                }
            }
        }
    }
}
