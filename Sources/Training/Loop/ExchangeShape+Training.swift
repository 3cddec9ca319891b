package import Configuration
package import Exchange
import Layers
package import Models
package import Tensors
package import TextData

extension BuildSettings {
    /// Those of a rank in training. `team`: the ranks that divide the recurrences' steps with it.
    init(
        training shape: ModelShape, shards: ShardLayout, rank: Int, windowLength: Int, precision: Precision,
        sharesMemory: Bool = false, team: Range<Int>? = nil
    ) {
        self.init(
            WindowCapacity(steps: windowLength, streams: shards.streams(ofRank: rank).count, training: true),
            precision: precision,
            sharing: shape.gradientSharing(steps: windowLength, streams: shards.streamCount, rankCount: shards.rankCount),
            sharesMemory: sharesMemory, division: team.map { UnitDivision(ranks: $0, rank: rank, shards: shards) })
    }
}

extension ExchangeShape {
    /// What the training of a model exchanges: its parameters, and for each shard the sum of its losses. `windowLength`: steps of a window.
    package init(
        training shape: ModelShape, shards: ShardLayout, windowLength: Int, precision: Precision, teams: TeamMode
    ) {
        let needs = shape.needs(
            BuildSettings(training: shape, shards: shards, rank: 0, windowLength: windowLength, precision: precision))
        self.init(
            elementCount: needs.parameters.elementCount, shardCount: shards.shardCount, scalarsPerShard: 1,
            packedCount: needs.packed.elementCount, sparseCount: needs.sparseCount,
            sharedRowCounts: (0..<shards.shardCount).map { shard in
                let own = NeighbouringShards(shards, shard..<(shard + 1))
                return needs.sharedCount(steps: windowLength, streamsOfShards: own.streamsOfShards)
            },
            dividedElements: needs.dividedElements,
            teams: teams == .never ? nil : needs.team.map { TeamShape($0, shards: shards, mode: teams) })
    }
}

extension TeamShape {
    /// Teams for the recurrences, where the ranks of a node would otherwise be slowed down by reading all recurrent weights each.
    ///
    /// By itself that is where a rank has fewer streams than four times its node's ranks: for b streams a weight takes 2b operations of each
    /// core's 100 or so in a nanosecond, and 4 bytes for each of n ranks of some 60 that a node's last cache gives.
    fileprivate init(_ needs: TeamNeeds, shards: ShardLayout, mode: TeamMode) {
        self.init(
            floatCount: needs.floatsPerStream * shards.streamCount, mostMembers: needs.mostMembers,
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
            division: UnitDivision(ranks: team.ranks, rank: rank, shards: shards), shared: team.shared,
            barrier: { team.barrier() })
    }
}
