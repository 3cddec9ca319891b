package import Configuration
package import Exchange
import Layers
package import Models
package import Tensors
package import TextData

extension BuildSettings {
    /// The shards and streams of a rank in training. `team`: the ranks that divide the recurrent steps with this rank.
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
    /// The shape of the exchange for training a model: its parameters, and for each shard the sum of its losses. `windowLength`:
    /// steps of a window.
    package init(
        training shape: ModelShape, shards: ShardLayout, windowLength: Int, precision: Precision, teams: TeamMode
    ) {
        let needs = shape.needs(
            BuildSettings(training: shape, shards: shards, rank: 0, windowLength: windowLength, precision: precision))
        self.init(
            elementCount: needs.parameters.elementCount, shardCount: shards.shardCount, scalarsPerShard: 1,
            packedCount: needs.packed.elementCount, sparseTables: needs.sparseTables,
            sharedRowCounts: (0..<shards.shardCount).map { shard in
                let own = NeighbouringShards(shards, shard..<(shard + 1))
                return needs.sharedCount(steps: windowLength, streamsOfShards: own.streamsOfShards)
            },
            dividedElements: needs.dividedElements,
            teams: teams == .never ? nil : needs.team.map { TeamShape($0, shards: shards, mode: teams) })
    }
}

extension TeamShape {
    /// Teams for the recurrent layers, if it would be slow for every rank of a node to read all recurrent weights.
    ///
    /// In mode `auto`, a node forms teams if a rank has fewer streams than four times the number of the node's ranks. For b
    /// streams, a weight takes 2b operations at about 100 per nanosecond and core, and each of n ranks reads 4 bytes at about 60
    /// bytes per nanosecond from the shared cache.
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
