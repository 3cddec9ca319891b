import Models
import Tensors
import Testing

@Suite("The same bits at any number of ranks, and at each instruction set", .serialized)
struct RankCountTests {
    private static let (steps, batchSize, shardCount) = (4, 9, 5)
    private static let window = TokenWindow(steps: steps, streams: batchSize, vocabularySize: 11, seed: 8)

    /// Two windows over `rankCount` ranks, the second with the state carried: of each the whole gradient, and the losses' sum.
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
        let program = TreeProgram(
            tree: ShardTree(shardCount: Self.shardCount), leaves: ranks.flatMap(\.cover), outputs: [0..<Self.shardCount])
        let partials = ranks.flatMap { rank in rank.cover.indices.map { rank.gradient($0) } }
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

    private func fold(_ losses: [Double]) -> Double {
        TreeProgram(tree: ShardTree(shardCount: Self.shardCount), ownShards: 0..<Self.shardCount).fold(losses)
    }

    /// Without dropout the rows of a token are merged shard by shard.
    @Test(
        "Gradients and losses of one rank with all shards are those of N ranks added in tree order", arguments: ShapeCase.all,
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
}
