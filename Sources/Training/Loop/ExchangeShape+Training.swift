package import Exchange
import Layers
package import Models
package import Tensors
package import TextData

extension ExchangeShape {
    /// What the training of a model exchanges: its parameters, and for each shard the sum of its losses. `windowLength`: steps of a window.
    package init(
        training shape: ModelShape, shards: ShardLayout, windowLength: Int, precision: Precision, teams: TeamMode
    ) {
        self.init(
            elementCount: shape.parameterLayout.elementCount, shardCount: shards.shardCount, scalarsPerShard: 1,
            derivedCount: shape.packedLayout(training: true, precision: precision).elementCount,
            sparseCount: shape.tieWeights ? 0 : shape.vocabularySize * shape.embeddingSize,
            teams: shape.dividesUnits && teams != .never
                ? TeamShape(training: shape, shards: shards, windowLength: windowLength, mode: teams) : nil)
    }
}

extension TeamShape {
    /// Teams for the recurrences, where the ranks of a node would otherwise be slowed down by reading all recurrent weights each.
    ///
    /// By itself that is where a rank has fewer streams than four times its node's ranks: for b streams a weight takes 2b operations of each
    /// core's 100 or so in a nanosecond, and 4 bytes for each of n ranks of some 60 that a node's last cache gives.
    fileprivate init(training shape: ModelShape, shards: ShardLayout, windowLength: Int, mode: TeamMode) {
        self.init(
            floatCount: shape.teamFloatCount(streams: shards.streamCount, steps: windowLength),
            mostMembers: UnitDivision.mostMembers(hiddenSize: shape.hiddenSize),
            fewestRanks: mode == .always ? 2 : shards.streamCount / (4 * shards.rankCount) + 1, onAnyCores: mode == .always,
            dividedElements: shape.recurrentElements)
    }
}

extension UnitDivision {
    /// The part of `rank` in a team of some of the run's ranks.
    init(ranks: Range<Int>, rank: Int, shards: ShardLayout) {
        let first = shards.streams(ofRank: ranks.lowerBound).lowerBound
        let own = shards.streams(ofRank: rank)
        self.init(
            streams: shards.streams(ofRank: ranks.upperBound - 1).upperBound - first,
            ownStreams: (own.lowerBound - first)..<(own.upperBound - first), member: rank - ranks.lowerBound,
            memberCount: ranks.count)
    }
}

extension StepTeam {
    convenience init(
        _ team: NodeTeam, rank: Int, training shape: ModelShape, shards: ShardLayout, windowLength: Int, precision: Precision
    ) {
        self.init(
            division: UnitDivision(ranks: team.ranks, rank: rank, shards: shards),
            rows: GradientRows(
                training: shape, shards: shards, of: shards.shards(ofRanks: team.ranks), windowLength: windowLength,
                precision: precision),
            shared: team.shared, meet: { team.meet() })
    }
}

extension GradientRows {
    /// Those of neighbouring shards, `own`, with the streams counted from their first one.
    convenience init(
        training shape: ModelShape, shards: ShardLayout, of own: Range<Int>, windowLength: Int, precision: Precision
    ) {
        let first = shards.streams(ofShard: own.lowerBound).lowerBound
        self.init(
            program: TreeProgram(tree: ShardTree(shardCount: shards.shardCount), ownShards: own),
            streamsOfShards: own.map { shard in
                let streams = shards.streams(ofShard: shard)
                return (streams.lowerBound - first)..<(streams.upperBound - first)
            }, maximumSteps: windowLength, widestInput: LanguageModel.widestInput(of: shape), precision: precision)
    }
}

extension ShardLayout {
    /// The shards of neighbouring ranks.
    func shards(ofRanks ranks: Range<Int>) -> Range<Int> {
        shards(ofRank: ranks.lowerBound).lowerBound..<shards(ofRank: ranks.upperBound - 1).upperBound
    }
}
