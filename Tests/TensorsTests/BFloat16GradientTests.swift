import Tensors
import TestSupport
import Testing

extension GradientWindow {
    /// The expected gradients: for each shard a chain over pairs of rows, then over the rows that contain the token, added in tree order;
    /// and the magnitudes of the terms.
    fileprivate func bfloat16Expected(ofShards shards: Range<Int>, tied: Bool) -> [(values: [Float], magnitudes: [Float])] {
        let left = shards.map { columns(of: dY, shard: $0) }
        let right = shards.map { columns(of: x, shard: $0) }
        let places = (0..<dY.columns).flatMap { row in (0..<x.columns).map { (row, $0) } }
        let sums = places.map { row, column in
            shards.enumerated().map { leaf, shard in
                let held = tied ? rows(ofShard: shard).filter { tokens[$0] == row }.map { tokenRows[$0, column] } : []
                let (l, r) = (left[leaf][row], right[leaf][column])
                return (
                    value: held.reduce(pairChain(l, r, from: 0), +),
                    magnitude: held.reduce(zip(l, r).reduce(0) { $0 + abs($1.0 * $1.1) }) { $0 + abs($1) }
                )
            }
        }
        let leaves = shards.map { $0..<($0 + 1) }
        return tree.cover(of: shards).map { node in
            (
                sums.map { treeSum(node, leaves: leaves, values: $0.map(\.value)) },
                sums.map { treeSum(node, leaves: leaves, values: $0.map(\.magnitude)) }
            )
        }
    }

    /// The columns of one shard's rows, rounded.
    private func columns(of matrix: MatrixView, shard: Int) -> [[Float]] {
        let rounded = roundedValues(matrix)
        return (0..<matrix.columns).map { c in rows(ofShard: shard).map { rounded[$0 * matrix.columns + c] } }
    }
}

extension LevelTests {
    @Suite("Weight gradients in bf16")
    struct BFloat16GradientTests {
        private static let shardSizes = [2, 1, 3, 1, 2, 1, 1, 2]

        private func check(_ window: GradientWindow, shards: Range<Int>) {
            for kind in [GradientKind.weight, .weightOfTwo, .tiedWeight] {
                let expected = window.bfloat16Expected(ofShards: shards, tied: kind == .tiedWeight)
                Processor.atEachLevel { level in
                    let found = window.partials(kind, ofShards: shards, precision: .bf16)
                    #expect(found.count == expected.count)
                    for (found, expected) in zip(found, expected) {
                        #expect(
                            agrees(found, expected.values, magnitudes: expected.magnitudes, level: level),
                            "\(level), [\(window.dY.columns), \(window.x.columns)], shards \(shards), \(kind)")
                    }
                }
            }
        }

        @Test("Each shard is one chain over pairs of its rows, an odd last row alone; shards are added in tree order")
        func everySize() {
            for size in [2, 12, 13] + oddSizes {
                check(GradientWindow(steps: 3, shardSizes: Self.shardSizes, n: size, k: 17, seed: UInt64(size)), shards: 1..<6)
                check(GradientWindow(steps: 3, shardSizes: Self.shardSizes, n: 13, k: size, seed: UInt64(size)), shards: 1..<6)
            }
        }

        @Test("Each shard is one chain, for each cover of one to four subtrees")
        func covers() {
            let window = GradientWindow(steps: 2, shardSizes: Self.shardSizes, n: 14, k: 33, seed: 4)
            for shards in [0..<8, 0..<1, 7..<8, 3..<5, 1..<6, 1..<7, 2..<8] { check(window, shards: shards) }
        }

        @Test("Each shard is one chain in long windows, whose strips are packed a few at a time")
        func longWindow() {
            check(GradientWindow(steps: 401, shardSizes: [4, 5], n: 40, k: 33, seed: 6), shards: 0..<2)
        }

        @Test("A window without steps gives zeros")
        func noSteps() {
            check(GradientWindow(steps: 0, shardSizes: [1, 1, 2], n: 9, k: 8, seed: 1), shards: 0..<3)
        }

        @Test("Rows of the outputs have the same bits in blocks of any size", arguments: [1, 5, 12, 30, 193])
        func blocks(block: Int) {
            let window = GradientWindow(steps: 5, shardSizes: Self.shardSizes, n: 200, k: 21, seed: 7)
            Processor.atEachLevel { level in
                for kind in [GradientKind.weightInBlocks, .tiedWeight] {
                    let whole = window.partials(kind, ofShards: 0..<8, precision: .bf16, block: 200)[0]
                    let blocks = window.partials(kind, ofShards: 0..<8, precision: .bf16, block: block)[0]
                    #expect(differingBits(whole, blocks) == 0, "\(level), \(kind)")
                }
            }
        }
    }
}
