import Models
import Tensors
import Testing

@Suite("The same bits at any number of ranks, and at each instruction set", .serialized)
struct RankCountTests {
    private static let (steps, batchSize, shardCount) = (4, 9, 5)
    private static let window = TokenWindow(steps: steps, streams: batchSize, vocabularySize: 11, seed: 8)

    /// Two windows on `rankCount` ranks, with carried state: for each window the whole gradient and the sum of the losses.
    private func run(_ shape: ModelShape, rankCount: Int, dropout: Float) -> (gradients: [[Float]], losses: [Double]) {
        let S = Self.shardCount
        let ranks = (0..<rankCount).map { rank in
            SimulatedRank(
                shape: shape, steps: Self.steps, batchSize: Self.batchSize,
                shards: (rank * S / rankCount)..<((rank + 1) * S / rankCount), of: S, dropout: dropout)
        }
        for rank in ranks { rank.initialize() }
        let results = (0..<2).map { step in
            let losses = ranks.flatMap { rank in
                rank.shardLosses(rank.run(Self.window, atEpochStart: step == 0, step: step), steps: Self.steps)
            }
            return (sum(ranks), fold(losses))
        }
        return (results.map(\.0), results.map(\.1))
    }

    private func sum(_ ranks: [SimulatedRank]) -> [Float] {
        sum(of: ranks.flatMap { rank in rank.cover.indices.map { rank.gradient($0) } }, leaves: ranks.flatMap(\.cover))
    }

    private func sum(of partials: [[Float]], leaves: [Range<Int>]) -> [Float] {
        let program = TreeProgram(
            tree: ShardTree(shardCount: Self.shardCount), leaves: leaves, outputs: [0..<Self.shardCount])
        let workspace = Workspace()
        defer { withExtendedLifetime(workspace) {} }
        let count = partials[0].count
        let sources = partials.map { partial -> UnsafePointer<Float> in
            let place = workspace.allocate(Float.self, count: count)
            place.update(from: partial, count: count)
            return UnsafePointer(place)
        }
        let result = workspace.allocate(Float.self, count: count)
        let stretch = TreeReduction.Stretch(elements: 0..<count, program: program, sources: sources)
        TreeReduction([stretch], into: [result], over: 0..<count).run(blockSums: nil)
        return Array(UnsafeBufferPointer(start: result, count: count))
    }

    /// The gradients of two windows, shorter than the longest, for nodes whose ranks compute gradients jointly.
    private func run(_ shape: ModelShape, nodes: [[Range<Int>]], _ sharing: GradientSharing, dropout: Float) -> [[Float]] {
        let (T, B, S) = (Self.steps + 1, Self.batchSize, Self.shardCount)
        let all = nodes.map { shardsOfRanks in
            let node = SimulatedNode(
                shape: shape, steps: T, batchSize: B, shardsOfRanks: shardsOfRanks, of: S, sharing: sharing)
            let ranks = shardsOfRanks.map {
                SimulatedRank(shape: shape, steps: T, batchSize: B, shards: $0, of: S, dropout: dropout, node: node)
            }
            return (node: node, ranks: ranks)
        }
        let ranks = all.flatMap(\.ranks)
        for rank in ranks { rank.initialize() }
        return (0..<2).map { step in
            for rank in ranks { rank.run(Self.window, atEpochStart: step == 0, step: step) }
            for rank in ranks { rank.finish() }
            var gradient = sum(ranks)
            let shared = sum(
                of: all.flatMap { node, _ in
                    node.gradients.map { Array(UnsafeBufferPointer(start: $0, count: gradient.count)) }
                }, leaves: all.flatMap(\.node.cover))
            let elements = all[0].node.elements
            gradient.replaceSubrange(elements, with: shared[elements])
            return gradient
        }
    }

    private func fold(_ losses: [Double]) -> Double {
        TreeProgram(tree: ShardTree(shardCount: Self.shardCount), ownShards: 0..<Self.shardCount).fold(losses)
    }

    /// Without dropout, equal tokens of a shard are merged.
    @Test(
        "Gradients and losses of one rank with all shards equal those of N ranks added in tree order", arguments: ShapeCase.all,
        [0, 0.3])
    func ranks(sizes: ShapeCase, dropout: Float) {
        var first: (gradients: [[Float]], losses: [Double])?
        Processor.atEachLevel { level in
            for rankCount in 1...Self.shardCount {
                let found = run(sizes.shape, rankCount: rankCount, dropout: dropout)
                let expected = first ?? found
                first = expected
                #expect(found.losses == expected.losses, "\(level), \(rankCount) ranks")
                for (found, expected) in zip(found.gradients, expected.gradients) {
                    #expect(differingBits(found, expected) == 0, "\(level), \(rankCount) ranks")
                }
            }
        }
        #expect(first?.gradients.allSatisfy { gradient in gradient.contains { $0 != 0 } } == true)
    }

    private static let sharingShapes = ShapeCase.all + [ShapeCase.manyTokens]

    @Test(
        "Gradients that the ranks of a node make together are those of one rank, on one node and on two",
        arguments: sharingShapes,
        [0, 0.3])
    func sharing(sizes: ShapeCase, dropout: Float) {
        let alone = run(sizes.shape, rankCount: 1, dropout: dropout).gradients
        Processor.atEachLevel { level in
            for nodes in [[[0..<5]], [[0..<1, 1..<3, 3..<4, 4..<5]], [[0..<2, 2..<3], [3..<4, 4..<5]]] {
                for sharing in sizes.shape.tieWeights ? [GradientSharing.recurrent] : [.recurrent, .all] {
                    let found = run(sizes.shape, nodes: nodes, sharing, dropout: dropout)
                    for (found, expected) in zip(found, alone) {
                        #expect(differingBits(found, expected) == 0, "\(level), nodes \(nodes), \(sharing)")
                    }
                }
            }
        }
    }
}
