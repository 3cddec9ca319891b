import Foundation
import Synchronization
import Tensors
import TestSupport
import Testing

/// Operands of a product in bf16 with padding between their rows, and the expected result.
private struct BFloat16Case {
    let a: MatrixView
    let weights: MatrixView  // [columns, inner]
    let before: MatrixView  // the initial content of the result
    let bias: MatrixView
    let workspace = Workspace()

    init(rows: Int, inner: Int, columns: Int, seed: UInt64) {
        var random = SeededRandom(state: seed)
        a = workspace.random(rows: rows, columns: inner, gap: 3, from: &random)
        weights = workspace.random(rows: columns, columns: inner, gap: 0, from: &random)
        before = workspace.random(rows: rows, columns: columns, gap: 2, from: &random)
        bias = workspace.random(rows: 1, columns: columns, gap: 0, from: &random)
    }

    enum Start: CaseIterable { case zero, result, bias }

    var description: String { "[\(a.rows), \(a.columns)] times [\(a.columns), \(weights.rows)]" }

    /// Every element by its definition, and the magnitudes of its terms.
    func expected(_ start: Start) -> (values: [Float], magnitudes: [Float]) {
        let (left, right, inner) = (roundedValues(a), roundedValues(weights), a.columns)
        let places = (0..<a.rows).flatMap { r in (0..<weights.rows).map { (r, $0) } }
        let starts = places.map { r, c in start == .zero ? 0 : start == .bias ? bias[0, c] : before[r, c] }
        let pairs = places.map { r, c in
            (Array(left[(r * inner)..<((r + 1) * inner)]), Array(right[(c * inner)..<((c + 1) * inner)]))
        }
        return (
            zip(pairs, starts).map { pairChain($0.0, $0.1, from: $1) },
            zip(pairs, starts).map { pair, start in zip(pair.0, pair.1).reduce(abs(start)) { $0 + abs($1.0 * $1.1) } }
        )
    }

    /// The packed weights, from their transpose with `direct`, in pieces of this number of elements.
    func packed(direct: Bool, piece: Int? = nil) -> BFloat16Matrix {
        let packed = BFloat16Matrix(inner: a.columns, columns: weights.rows, workspace: workspace)
        let count = a.columns * weights.rows
        let transposed = (0..<a.columns).flatMap { i in (0..<weights.rows).map { weights[$0, i] } }
        for first in stride(from: 0, to: count, by: piece ?? max(count, 1)) {
            let elements = first..<min(first + (piece ?? count), count)
            if direct {
                packed.pack(transposed, elements: elements)
            } else {
                packed.packTransposed(weights.pointer, elements: elements)
            }
        }
        return packed
    }

    func product(_ start: Start, by packed: BFloat16Matrix) -> MatrixView {
        let result = workspace.withGaps(rows: a.rows, columns: weights.rows, gap: 2)
        result.fill(before.values)
        let from: ProductStart = start == .zero ? .zero : start == .bias ? .bias(bias.pointer) : .result
        packed.multiply(a, into: result, from: from)
        return result
    }
}

extension LevelTests {
    @Suite("Products in bf16")
    struct BFloat16ProductTests {
        private func check(_ sizes: BFloat16Case, starts: [BFloat16Case.Start] = BFloat16Case.Start.allCases) {
            for start in starts {
                let expected = sizes.expected(start)
                Processor.atEachLevel { level in
                    for direct in [false, true] {
                        let result = sizes.product(start, by: sizes.packed(direct: direct))
                        #expect(
                            agrees(result.values, expected.values, magnitudes: expected.magnitudes, level: level),
                            "\(level), \(sizes.description), start \(start), direct \(direct)")
                        #expect(result.gapsAreIntact, "\(level), \(sizes.description)")
                    }
                }
            }
        }

        @Test("Each element is one chain of pairs, for every number of rows, of terms and of columns")
        func everySize() {
            for size in [2, 3, 5, 11, 12, 13] + oddSizes {
                check(BFloat16Case(rows: size, inner: 17, columns: 33, seed: UInt64(size)))
                check(BFloat16Case(rows: 13, inner: size, columns: 33, seed: UInt64(100 + size)))
                check(BFloat16Case(rows: 13, inner: 18, columns: size, seed: UInt64(200 + size)))
            }
        }

        @Test("With few rows, many columns are processed at a time", arguments: 1...7)
        func fewRows(rows: Int) {
            check(BFloat16Case(rows: rows, inner: 9, columns: 247, seed: UInt64(rows)))
        }

        @Test("Products without terms, rows or columns")
        func empty() {
            check(BFloat16Case(rows: 5, inner: 0, columns: 33, seed: 1))
            check(BFloat16Case(rows: 0, inner: 7, columns: 33, seed: 2))
            check(BFloat16Case(rows: 5, inner: 7, columns: 0, seed: 3))
        }

        @Test("Each element is one chain of pairs if the inner pass or the rows are split", arguments: [2047, 2048, 2049, 4097])
        func longChains(inner: Int) {
            check(BFloat16Case(rows: 7, inner: inner, columns: 33, seed: UInt64(inner)), starts: [.bias])
            check(BFloat16Case(rows: 85, inner: inner / 2, columns: 17, seed: UInt64(inner)), starts: [.result])
        }

        @Test("Weights packed in pieces of any length equal weights packed at once", arguments: [1, 7, 16, 31, 64, 200])
        func pieces(piece: Int) {
            for (inner, columns) in [(17, 33), (34, 48), (3, 70)] {
                let sizes = BFloat16Case(rows: 5, inner: inner, columns: columns, seed: UInt64(piece))
                Processor.atEachLevel { level in
                    for direct in [false, true] {
                        let whole = sizes.product(.zero, by: sizes.packed(direct: direct)).values
                        let pieces = sizes.product(.zero, by: sizes.packed(direct: direct, piece: piece)).values
                        #expect(differingBits(whole, pieces) == 0, "\(level), [\(inner), \(columns)], direct \(direct)")
                    }
                }
            }
        }

        @Test("Products over consecutive parts of the inner index equal the whole product")
        func parts() {
            let sizes = BFloat16Case(rows: 14, inner: 51, columns: 70, seed: 5)
            Processor.atEachLevel { level in
                let packed = sizes.packed(direct: false)
                let whole = sizes.product(.bias, by: packed)
                let result = sizes.workspace.withGaps(rows: 14, columns: 70, gap: 1)
                for part in [0..<20, 20..<48, 48..<51] {
                    packed.multiply(
                        sizes.a.slice(columns: part), terms: part, into: result,
                        from: part.lowerBound == 0 ? .bias(sizes.bias.pointer) : .result)
                }
                #expect(differingBits(whole.values, result.values) == 0, "\(level)")
            }
        }

        @Test(
            "A left operand packed once gives each range of columns its bits, in the room that it asks for",
            arguments: [1, 6, 13, 63, 64, 700])
        func leftOperand(rows: Int) {
            for inner in [1, 31, 200, 1_100] {
                let sizes = BFloat16Case(rows: rows, inner: inner, columns: 70, seed: UInt64(rows + inner))
                Processor.atEachLevel { level in
                    let packed = sizes.packed(direct: false)
                    let whole = sizes.product(.bias, by: packed)
                    let result = sizes.workspace.withGaps(rows: rows, columns: 70, gap: 1)
                    let (intact, panels) = packed.multiplyByPanels(sizes.a, into: result, from: sizes.bias)
                    #expect(panels == 3 && differingBits(whole.values, result.values) == 0, "\(level), \(inner) terms")
                    #expect(intact, "\(level), \(inner) terms: written past the buffer")
                }
            }
        }

        @Test("A single row has the same bits as among 160, and a single column as among 130")
        func rowAlone() {
            let sizes = BFloat16Case(rows: 160, inner: 71, columns: 130, seed: 9)
            Processor.atEachLevel { level in
                let packed = sizes.packed(direct: false)
                let together = sizes.product(.zero, by: packed)
                let parts = sizes.workspace.matrix(rows: 160, columns: 130)
                for rows in 1...13 {
                    for first in stride(from: 0, to: 160, by: rows) {
                        let range = first..<min(first + rows, 160)
                        packed.multiply(sizes.a.slice(rows: range), into: parts.slice(rows: range))
                    }
                    #expect(differingBits(together.values, parts.values) == 0, "\(level), \(rows) rows at a time")
                }
                for columns in [1, 16, 17, 32, 65, 96] {
                    let few = BFloat16Matrix(inner: 71, columns: columns, workspace: sizes.workspace)
                    few.packTransposed(sizes.weights.pointer, elements: 0..<(71 * columns))
                    let result = sizes.workspace.matrix(rows: 160, columns: columns)
                    few.multiply(sizes.a, into: result)
                    #expect(
                        differingBits(together.slice(columns: 0..<columns).values, result.values) == 0, "\(level), \(columns)")
                }
            }
        }

        @Test("With denormals flushed, products and sums too small for a normal float are zero")
        func flushed() {
            // The flags belong to the thread, and end with it.
            let found = Mutex<[String: [UInt32]]>([:])
            let thread = Thread {
                Processor.flushDenormals()
                Processor.atEachLevel { level in
                    let values = Self.tinyProducts()
                    found.withLock { $0[level] = values.map(\.bitPattern) }
                }
            }
            thread.start()
            while !thread.isFinished { usleep(1000) }
            let byLevel = found.withLock { $0 }
            #expect(!byLevel.isEmpty)
            for (level, values) in byLevel { #expect(values == [0, 0, 0x0080_0000], "\(level)") }
        }

        /// 2^-70 * 2^-70; 2^-126 * 1.5 - 2^-126, whose difference is denormal; and 2^-126.
        private static func tinyProducts() -> [Float] {
            let workspace = Workspace()
            defer { withExtendedLifetime(workspace) {} }
            let packed = BFloat16Matrix(inner: 2, columns: 3, workspace: workspace)
            packed.packTransposed([0x1p-70, 0, 0x1p-63, 0x1.8p-63, 0x1p-126, 0], elements: 0..<6)
            let a = workspace.matrix(rows: 3, columns: 2)
            a.fill([0x1p-70, 0, -0x1p-63, 0x1p-63, 1, 0])
            let result = workspace.matrix(rows: 3, columns: 3)
            packed.multiply(a, into: result)
            return [result[0, 0], result[1, 1], result[2, 2]]
        }
    }
}
