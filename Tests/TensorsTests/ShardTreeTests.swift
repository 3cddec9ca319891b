import Tensors
import TestSupport
import Testing

/// The nodes of the tree under `node`, from the definition.
func nodes(under node: Range<Int>) -> [Range<Int>] {
    guard node.count > 1 else { return [node] }
    let middle = node.lowerBound + node.count / 2
    return [node] + nodes(under: node.lowerBound..<middle) + nodes(under: middle..<node.upperBound)
}

/// The sum of a node from those of `leaves`, by definition: left plus right.
func treeSum<Value: AdditiveArithmetic>(_ node: Range<Int>, leaves: [Range<Int>], values: [Value]) -> Value {
    if let leaf = leaves.firstIndex(of: node) { return values[leaf] }
    let middle = node.lowerBound + node.count / 2
    return treeSum(node.lowerBound..<middle, leaves: leaves, values: values)
        + treeSum(middle..<node.upperBound, leaves: leaves, values: values)
}

/// Nodes from left to right that cover `node`, to a random depth.
func someLeaves(of node: Range<Int>, _ random: inout SeededRandom) -> [Range<Int>] {
    if node.count == 1 || Int.random(in: 0..<4, using: &random) == 0 { return [node] }
    let middle = node.lowerBound + node.count / 2
    return someLeaves(of: node.lowerBound..<middle, &random) + someLeaves(of: middle..<node.upperBound, &random)
}

@Suite("The shard tree")
struct ShardTreeTests {
    @Test("A cover consists of ordered nodes that are exactly the shards, and contains no complete pair of siblings")
    func covers() {
        for shardCount in 1...33 {
            let tree = ShardTree(shardCount: shardCount)
            let all = nodes(under: 0..<shardCount)
            for low in 0..<shardCount {
                for high in low...shardCount {
                    let cover = tree.cover(of: low..<high)
                    #expect(cover.flatMap { Array($0) } == Array(low..<high))
                    #expect(cover.allSatisfy { all.contains($0) && !$0.isEmpty })
                    let parents = all.filter { parent in
                        low <= parent.lowerBound && parent.upperBound <= high
                            && cover.contains { $0 != parent && parent.contains($0.lowerBound) && $0.count < parent.count }
                    }
                    #expect(parents.isEmpty, "\(low..<high) of \(shardCount): \(cover)")
                }
            }
        }
    }

    @Test("A fold has the bits of the defined sum, from any partial sums")
    func folds() {
        var random = SeededRandom(state: 1)
        for shardCount in 1...40 {
            let leaves = someLeaves(of: 0..<shardCount, &random)
            let values = leaves.map { _ in Double.random(in: -1...1, using: &random) }
            let program = TreeProgram(tree: ShardTree(shardCount: shardCount), leaves: leaves, outputs: [0..<shardCount])
            let expected = treeSum(0..<shardCount, leaves: leaves, values: values)
            #expect(program.fold(values).bitPattern == expected.bitPattern)
        }
    }

    @Test("The program of a rank has a leaf for each shard, and an output for each node of its cover")
    func ownShards() {
        let program = TreeProgram(tree: ShardTree(shardCount: 8), ownShards: 1..<6)
        #expect(program.leaves == (1..<6).map { $0..<($0 + 1) })
        #expect(program.outputs == [1..<2, 2..<4, 4..<6])
    }
}

/// Random sources of a program, and the expected result of the reduction.
private struct ReductionCase {
    let program: TreeProgram
    let count: Int
    let sources: [UnsafeMutablePointer<Float>]
    let expected: [[Float]]  // by output
    let workspace = Workspace()

    init(shards: Range<Int>, of shardCount: Int, count: Int, _ random: inout SeededRandom) {
        let outputs = ShardTree(shardCount: shardCount).cover(of: shards)
        let leaves = outputs.flatMap { someLeaves(of: $0, &random) }
        let values = leaves.map { _ in random.floats(count) }
        let workspace = workspace
        sources = values.map { values in
            let pointer = workspace.allocate(Float.self, count: count)
            pointer.update(from: values, count: count)
            return pointer
        }
        expected = outputs.map { output in
            (0..<count).map { i in treeSum(output, leaves: leaves, values: values.map { $0[i] }) }
        }
        program = TreeProgram(tree: ShardTree(shardCount: shardCount), leaves: leaves, outputs: outputs)
        self.count = count
    }

    /// The outputs, in `destinations`, and the sums of squares of the first.
    func reduce(into destinations: [UnsafeMutablePointer<Float>], withSums: Bool = true) -> ([[Float]], [Double]) {
        var sums = [Double](repeating: -1, count: (count + TreeProgram.blockSize - 1) / TreeProgram.blockSize)
        let stretch = TreeReduction.Stretch(elements: 0..<count, program: program, sources: sources.map { UnsafePointer($0) })
        let reduction = TreeReduction([stretch], into: destinations, over: 0..<count)
        sums.withUnsafeMutableBufferPointer { reduction.run(blockSums: withSums ? $0.baseAddress : nil) }
        return (destinations.map { Array(UnsafeBufferPointer(start: $0, count: count)) }, sums)
    }

    func freshDestinations() -> [UnsafeMutablePointer<Float>] {
        program.outputs.map { _ in workspace.allocate(Float.self, count: count) }
    }
}

/// Squares summed in double in 16 lanes, which are then added in halves, block by block.
private func blockSums(of values: [Float]) -> [Double] {
    stride(from: 0, to: values.count, by: 4096).map { start in
        var lanes = [Double](repeating: 0, count: 16)
        for i in start..<min(start + 4096, values.count) { lanes[i % 16] += Double(values[i]) * Double(values[i]) }
        for half in [8, 4, 2, 1] {
            for i in 0..<half { lanes[i] += lanes[i + half] }
        }
        return lanes[0]
    }
}

extension LevelTests {
    @Suite("Reduction in tree order")
    struct ReductionTests {
        private static let counts = [0, 1, 7, 8, 9, 15, 16, 17, 33, 511, 512, 513, 4095, 4096, 4097, 9000]

        @Test("Each element and each block's sum of squares have the bits of the definition", arguments: counts)
        func reduction(count: Int) {
            var random = SeededRandom(state: UInt64(count))
            for (shards, shardCount) in [(0..<1, 1), (0..<2, 2), (0..<8, 8), (1..<6, 8), (1..<7, 8), (2..<13, 13)] {
                let sizes = ReductionCase(shards: shards, of: shardCount, count: count, &random)
                Processor.atEachLevel { level in
                    let (found, sums) = sizes.reduce(into: sizes.freshDestinations())
                    for (found, expected) in zip(found, sizes.expected) {
                        #expect(differingBits(found, expected) == 0, "\(level), shards \(shards) of \(shardCount)")
                    }
                    #expect(sums == blockSums(of: sizes.expected[0]), "\(level), shards \(shards) of \(shardCount)")
                }
            }
        }

        @Test("The result may overwrite any of its sources")
        func inPlace() {
            for at in 0..<5 {
                var random = SeededRandom(state: 5)
                Processor.atEachLevel { level in
                    let sizes = ReductionCase(shards: 0..<9, of: 9, count: 1111, &random)
                    let (found, _) = sizes.reduce(into: [sizes.sources[at % sizes.sources.count]], withSums: false)
                    #expect(differingBits(found[0], sizes.expected[0]) == 0, "\(level), in place of source \(at)")
                }
            }
        }

        /// Simulates a node that computes some gradients jointly, in the slot of its first rank.
        @Test(
            "Stretches with different partial sums give the same bits, and do not read other sums",
            arguments: [16, 48, 4064, 4096, 4112])
        func stretches(length: Int) {
            let (count, first) = (3 * 4096 + 208, 4096 - 16)
            let divided = first..<(first + length)
            var random = SeededRandom(state: 3)
            let sizes = ReductionCase(shards: 0..<8, of: 8, count: count, &random)
            let sources = sizes.sources.map { UnsafePointer($0) }
            for (index, source) in sizes.sources.enumerated() {
                for i in divided { source[i] = index == 0 ? sizes.expected[0][i] : .nan }
            }
            let whole = TreeProgram(tree: ShardTree(shardCount: 8), leaves: [0..<8], outputs: [0..<8])
            let stretches = [
                TreeReduction.Stretch(elements: 0..<first, program: sizes.program, sources: sources),
                TreeReduction.Stretch(elements: divided, program: whole, sources: [sources[0]]),
                TreeReduction.Stretch(elements: divided.upperBound..<count, program: sizes.program, sources: sources),
            ]
            Processor.atEachLevel { level in
                let place = sizes.freshDestinations()
                var sums: [Double] = []
                for range in [0..<4096, 4096..<count] {
                    var own = [Double](repeating: -1, count: (range.count + 4095) / 4096)
                    TreeReduction(stretches, into: place, over: range).run(blockSums: &own)
                    sums += own
                }
                let found = Array(UnsafeBufferPointer(start: place[0], count: count))
                #expect(differingBits(found, sizes.expected[0]) == 0, "\(level)")
                #expect(sums == blockSums(of: sizes.expected[0]), "\(level)")
            }
        }
    }
}
