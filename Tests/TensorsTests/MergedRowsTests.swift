import Tensors
import TestSupport
import Testing

extension LevelTests {
    @Suite("Rows of equal tokens")
    struct MergedRowsTests {
        private func distinct(_ tokens: [Int32], vocabularySize: Int, in workspace: Workspace) -> DistinctTokens {
            DistinctTokens(vocabularySize: vocabularySize, maximumRows: tokens.count, workspace: workspace)
        }

        private func numbers(_ distinct: DistinctTokens, rows: Int) -> [Int32] {
            Array(UnsafeBufferPointer(start: distinct.numbers, count: rows))
        }

        private func tokens(_ distinct: DistinctTokens) -> [Int32] {
            Array(UnsafeBufferPointer(start: distinct.tokens, count: distinct.count))
        }

        @Test("In each window, tokens are numbered in the order of their first row")
        func numbering() {
            let workspace = Workspace()
            let distinct = distinct([0, 0, 0, 0, 0, 0], vocabularySize: 9, in: workspace)
            withExtendedLifetime(workspace) {
                distinct.number([5, 8, 5, 0, 8, 5], rows: 6)
                #expect(numbers(distinct, rows: 6) == [0, 1, 0, 2, 1, 0] && tokens(distinct) == [5, 8, 0])
                distinct.number([8, 0, 0, 7], rows: 4)
                #expect(numbers(distinct, rows: 4) == [0, 1, 1, 2] && tokens(distinct) == [8, 0, 7])
                distinct.number([], rows: 0)
                #expect(distinct.count == 0)
            }
        }

        /// The rows of a rank and the derived values, by their definitions.
        private struct Expected {
            var numbers: [Int32] = []
            var tokens: [Int32] = []
            var sums: [[Float]] = []

            init(_ window: GradientWindow, columns: Int) {
                numbers = [Int32](repeating: -1, count: window.tokens.count)
                for shard in window.streamsOfShards.indices {
                    let start = tokens.count
                    for row in window.rows(ofShard: shard) {
                        let values = (0..<columns).map { window.dY[row, $0] }
                        if let at = tokens[start...].firstIndex(of: window.tokens[row]) {
                            sums[at] = zip(sums[at], values).map { $0 + $1 }
                            numbers[row] = Int32(at)
                        } else {
                            numbers[row] = Int32(tokens.count)
                            tokens.append(window.tokens[row])
                            sums.append(values)
                        }
                    }
                }
            }
        }

        @Test("Within a shard the rows of a token are summed in the order (t, b), and shards are separate", arguments: oddSizes)
        func merging(columns: Int) {
            let window = GradientWindow(steps: 5, shardSizes: [2, 1, 4, 3], n: columns, k: 3, seed: UInt64(columns))
            let expected = Expected(window, columns: columns)
            let rows = GradientRows(
                program: TreeProgram(tree: window.tree, ownShards: 0..<4), streamsOfShards: window.streamsOfShards,
                maximumSteps: 5, widestInput: 3)
            Processor.atEachLevel { level in
                let distinct = distinct(window.tokens, vocabularySize: columns, in: window.workspace)
                let merged = rows.merged(window.tokens, steps: 5, into: distinct)
                #expect(numbers(distinct, rows: window.tokens.count) == expected.numbers, "\(level)")
                #expect(tokens(distinct) == expected.tokens && merged.streams == expected.tokens.count, "\(level)")
                let sums = window.workspace.withGaps(rows: distinct.count, columns: columns, gap: 3)
                rows.merge(window.dY, steps: 5, by: distinct, into: sums)
                #expect(differingBits(sums.values, expected.sums.flatMap { $0 }) == 0 && sums.gapsAreIntact, "\(level)")
            }
        }

        @Test("Gradients of merged rows equal those of all rows up to rounding", arguments: [Precision.fp32, .bf16])
        func gradients(precision: Precision) {
            let window = GradientWindow(steps: 6, shardSizes: [2, 1, 4, 3], n: 19, k: 7, seed: 4)
            // The rows of a token are equal, as from a table.
            for row in 0..<window.tokens.count {
                for column in 0..<7 { window.x[row, column] = Float(Int(window.tokens[row]) * 3 % 7 - column) / 4 }
            }
            Processor.atEachLevel { level in
                let (all, merged) = (
                    weightGradient(window, merging: false, precision), weightGradient(window, merging: true, precision)
                )
                let bound: Float = precision == .fp32 ? 1e-5 : 0.3
                let largest = zip(all, merged).map { abs($0 - $1) }.max() ?? .nan
                #expect(largest < bound && merged.contains { abs($0) > 1 }, "\(level), \(precision): \(largest)")
            }
        }

        /// The gradient of `[19, 7]` over all shards, then that of a bias.
        private func weightGradient(_ window: GradientWindow, merging: Bool, _ precision: Precision) -> [Float] {
            var layout = ParameterLayout()
            layout.append("weight", shape: [19, 7])
            layout.append("bias", shape: [19])
            let place = window.workspace.withGaps(rows: 1, columns: layout.elementCount, gap: 0).pointer
            let set = ParameterSet(layout: layout, values: place, gradients: [place])
            let (weight, bias) = (set.parameter("weight"), set.parameter("bias"))
            let rows = GradientRows(
                program: TreeProgram(tree: window.tree, ownShards: 0..<4), streamsOfShards: window.streamsOfShards,
                maximumSteps: 6, widestInput: 7, precision: precision)
            if merging {
                let distinct = distinct(window.tokens, vocabularySize: 19, in: window.workspace)
                let merged = rows.merged(window.tokens, steps: 6, into: distinct)
                let sums = window.workspace.matrix(rows: distinct.count, columns: 19)
                rows.merge(window.dY, steps: 6, by: distinct, into: sums)
                let x = window.workspace.matrix(rows: distinct.count, columns: 7)
                for (row, token) in tokens(distinct).enumerated() {
                    let from = window.tokens.firstIndex(of: token) ?? 0
                    for column in 0..<7 { x[row, column] = window.x[from, column] }
                }
                merged.weightGradient(weight, bias: bias, steps: 1, dY: sums, x: x)
            } else {
                rows.weightGradient(weight, bias: bias, steps: 6, dY: window.dY, x: window.x)
            }
            return withExtendedLifetime(set) {
                Array(UnsafeBufferPointer(start: weight.gradients[0], count: 19 * 7))
                    + Array(UnsafeBufferPointer(start: bias.gradients[0], count: 19))
            }
        }
    }
}
