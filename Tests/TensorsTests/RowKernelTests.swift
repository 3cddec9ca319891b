import Tensors
import TestSupport
import Testing

extension LevelTests {
    @Suite("Copies and sums of rows")
    struct RowKernelTests {
        @Test("Rows are filled with a bias or a sum of two, and the padding between them is unchanged", arguments: oddSizes)
        func fill(columns: Int) {
            var random = SeededRandom(state: 1)
            let workspace = Workspace()
            let (a, b) = (random.floats(columns), random.floats(columns))
            Processor.atEachLevel { level in
                let y = workspace.withGaps(rows: 3, columns: columns, gap: 2)
                RowKernels.fill(y, bias: a)
                #expect(y.values == a + a + a && y.gapsAreIntact, "\(level)")
                RowKernels.fill(y, bias: a, other: b)
                let sum = zip(a, b).map { $0 + $1 }
                #expect(y.values == sum + sum + sum && y.gapsAreIntact, "\(level)")
            }
        }

        @Test("Copies, sums in place, and rows of a table", arguments: [0] + oddSizes)
        func copyAddAndGather(count: Int) {
            var random = SeededRandom(state: 2)
            let workspace = Workspace()
            let table = workspace.random(rows: 4, columns: count, gap: 2, from: &random)
            let other = workspace.random(rows: 4, columns: count, gap: 1, from: &random)
            Processor.atEachLevel { level in
                let sum = workspace.withGaps(rows: 4, columns: count, gap: 3)
                RowKernels.copy(other, into: sum)
                #expect(sum.values == other.values, "\(level)")
                RowKernels.add(table, to: sum)
                #expect(sum.values == zip(table.values, other.values).map { $0 + $1 } && sum.gapsAreIntact, "\(level)")
                let rows = workspace.withGaps(rows: 5, columns: count, gap: 3)
                RowKernels.gather(table, ids: [3, 0, 0, 2, 3], into: rows)
                let expected = [3, 0, 0, 2, 3].flatMap { table.values[($0 * count)..<(($0 + 1) * count)] }
                #expect(rows.values == expected && rows.gapsAreIntact, "\(level)")
            }
        }
    }
}
