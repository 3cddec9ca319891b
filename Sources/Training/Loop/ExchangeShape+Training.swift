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
        let sharing = shape.gradientSharing(windowLength: windowLength, shards: shards)
        self.init(
            elementCount: shape.parameterLayout.elementCount, shardCount: shards.shardCount, scalarsPerShard: 1,
            packedCount: shape.packedLayout(training: true, precision: precision).elementCount,
            sparseCount: shape.tieWeights ? 0 : shape.vocabularySize * shape.embeddingSize,
            sharedRowCounts: (0..<shards.shardCount).map { shard in
                let node = NeighbouringShards(shards, shard..<(shard + 1))
                var rows = SharedRows(
                    maximumSteps: windowLength, streamsOfShards: node.streamsOfShards, precision: precision)
                shape.placeShared(in: &rows, sharing)
                return rows.count
            },
            dividedElements: shape.sharedElements(sharing),
            teams: shape.dividesUnits && teams != .never ? TeamShape(training: shape, shards: shards, mode: teams) : nil)
    }
}

extension TeamShape {
    /// Teams for the recurrences, where the ranks of a node would otherwise be slowed down by reading all recurrent weights each.
    ///
    /// By itself that is where a rank has fewer streams than four times its node's ranks: for b streams a weight takes 2b operations of each
    /// core's 100 or so in a nanosecond, and 4 bytes for each of n ranks of some 60 that a node's last cache gives.
    fileprivate init(training shape: ModelShape, shards: ShardLayout, mode: TeamMode) {
        self.init(
            floatCount: shape.teamFloatCount(streams: shards.streamCount),
            mostMembers: UnitDivision.mostMembers(hiddenSize: shape.hiddenSize),
            fewestRanks: mode == .always ? 2 : shards.streamCount / (4 * shards.rankCount) + 1, onAnyCores: mode == .always)
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
    init(_ team: NodeTeam, rank: Int, shards: ShardLayout) {
        self.init(
            division: UnitDivision(ranks: team.ranks, rank: rank, shards: shards), shared: team.shared, meet: { team.meet() })
    }
}

extension ModelShape {
    /// What the ranks of a run share where they are on one node.
    func gradientSharing(windowLength: Int, shards: ShardLayout) -> GradientSharing {
        gradientSharing(steps: windowLength, streams: shards.streamCount, rankCount: shards.rankCount)
    }
}
