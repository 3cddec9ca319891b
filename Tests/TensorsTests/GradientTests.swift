import Tensors
import TestSupport
import Testing

extension LevelTests {
    @Suite("Gradients over the rows of a window")
    struct GradientTests {
        private static let shardSizes = [2, 1, 3, 1, 2, 1, 1, 2]

        private func check(_ window: GradientWindow, shards: Range<Int>, _ kind: GradientKind) {
            let leaves = shards.map { $0..<($0 + 1) }
            let expected = window.tree.cover(of: shards).map { node in
                (0..<kind.rows(window)).flatMap { row in
                    (0..<kind.columns(window)).map { column in
                        let sums = shards.map { window.leafSum(kind, shard: $0, row: row, column: column) }
                        return treeSum(node, leaves: leaves, values: sums)
                    }
                }
            }
            Processor.atEachLevel { level in
                let found = window.partials(kind, ofShards: shards)
                #expect(found.count == expected.count)
                for (found, expected) in zip(found, expected) {
                    let differing = differingBits(found, expected)
                    #expect(differing == 0, "\(level), \(kind), [\(window.dY.columns), \(window.x.columns)], shards \(shards)")
                }
            }
        }

        @Test("Each shard is one chain over its rows, and shards are added in tree order", arguments: GradientKind.allCases)
        func everySize(kind: GradientKind) {
            for size in oddSizes {
                check(
                    GradientWindow(steps: 3, shardSizes: Self.shardSizes, n: size, k: 17, seed: UInt64(size)), shards: 1..<6, kind
                )
                check(
                    GradientWindow(steps: 3, shardSizes: Self.shardSizes, n: 13, k: size, seed: UInt64(size)), shards: 1..<6, kind
                )
            }
        }

        @Test("Each shard is one chain, for each cover of one to four subtrees", arguments: GradientKind.allCases)
        func covers(kind: GradientKind) {
            let window = GradientWindow(steps: 2, shardSizes: Self.shardSizes, n: 14, k: 33, seed: 4)
            for shards in [0..<8, 0..<1, 7..<8, 3..<5, 1..<6, 1..<7, 2..<8] { check(window, shards: shards, kind) }
        }

        @Test("Each shard is one chain in long windows, whose strips are packed a few at a time")
        func longWindow() {
            // 700 steps of 9 streams: 6300 rows, so that one pass packs a single tile.
            let window = GradientWindow(steps: 700, shardSizes: [4, 5], n: 26, k: 33, seed: 6)
            check(window, shards: 0..<2, .weight)
            check(window, shards: 0..<2, .tiedWeight)
        }

        @Test("A window without steps gives zeros", arguments: GradientKind.allCases)
        func noSteps(kind: GradientKind) {
            check(GradientWindow(steps: 0, shardSizes: [1, 1, 2], n: 9, k: 8, seed: 1), shards: 0..<3, kind)
        }

        @Test("The error is below one rounding per term, relative to the sum of magnitudes", arguments: GradientKind.allCases)
        func error(kind: GradientKind) {
            let window = GradientWindow(steps: 20, shardSizes: Self.shardSizes, n: 15, k: 31, seed: 8)
            Processor.atEachLevel { level in
                let found = window.partials(kind, ofShards: 0..<8)[0]
                var worst = 0.0
                for (at, value) in found.enumerated() {
                    let columns = kind.columns(window)
                    let terms = window.terms(kind, row: at / columns, column: at % columns)
                    let bound = Double(terms.count + 3) * unitRoundoff * terms.reduce(0) { $0 + abs($1) }
                    let error = abs(Double(value) - terms.reduce(0, +))
                    if error > 0 { worst = max(worst, error / bound) }
                }
                #expect(worst <= 1, "\(level), \(kind): \(worst) of the bound")
            }
        }

        @Test("The added partial gradients of any number of ranks have the bits of one rank", arguments: GradientKind.allCases)
        func ranks(kind: GradientKind) {
            let window = GradientWindow(steps: 4, shardSizes: [2, 1, 3, 1, 2, 1], n: 19, k: 37, seed: 3)
            let shardCount = window.streamsOfShards.count
            Processor.atEachLevel { level in
                let alone = window.partials(kind, ofShards: 0..<shardCount)
                for rankCount in 1...shardCount {
                    let owned = (0..<rankCount).map { ($0 * shardCount / rankCount)..<(($0 + 1) * shardCount / rankCount) }
                    let partials = owned.flatMap { window.partials(kind, ofShards: $0) }
                    let sum = add(partials, of: owned.flatMap { window.tree.cover(of: $0) }, tree: window.tree)
                    #expect(differingBits(sum, alone[0]) == 0, "\(level), \(kind), \(rankCount) ranks")
                }
            }
        }

        private func add(_ partials: [[Float]], of nodes: [Range<Int>], tree: ShardTree) -> [Float] {
            let workspace = Workspace()
            defer { withExtendedLifetime(workspace) {} }
            let count = partials[0].count
            let sources = partials.map { values -> UnsafePointer<Float> in
                let place = workspace.allocate(Float.self, count: count)
                place.update(from: values, count: count)
                return UnsafePointer(place)
            }
            let result = workspace.allocate(Float.self, count: count)
            let program = TreeProgram(tree: tree, leaves: nodes, outputs: [0..<tree.shardCount])
            let stretch = TreeReduction.Stretch(elements: 0..<count, program: program, sources: sources)
            TreeReduction([stretch], into: [result], over: 0..<count).run(blockSums: nil)
            return Array(UnsafeBufferPointer(start: result, count: count))
        }

        @Test("Sums by shard add the rows in the order (t, b)")
        func shardSums() {
            var random = SeededRandom(state: 2)
            let streamsOfShards = [0..<2, 2..<3, 3..<7]
            let program = TreeProgram(tree: ShardTree(shardCount: 3), ownShards: 0..<3)
            let rows = GradientRows(program: program, streamsOfShards: streamsOfShards, maximumSteps: 5, widestInput: 1)
            let values = (0..<35).map { _ in Double.random(in: -1...1, using: &random) }
            var sums = [0.0, 0.0, 0.0]
            rows.shardSums(steps: 5, of: values, into: &sums)
            let expected = streamsOfShards.map { streams in
                (0..<5).flatMap { t in streams.map { values[t * 7 + $0] } }.reduce(0, +)
            }
            #expect(sums == expected)
        }
    }
}
