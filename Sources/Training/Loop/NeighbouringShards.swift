import Exchange
import Tensors
import TextData

/// Contiguous shards, of a rank or of a node. Their streams are counted from the first.
struct NeighbouringShards {
    let shards: Range<Int>
    let streamsOfShards: [Range<Int>]
    private let layout: ShardLayout

    init(_ layout: ShardLayout, _ shards: Range<Int>) {
        self.layout = layout
        self.shards = shards
        let first = layout.streams(ofShard: shards.lowerBound).lowerBound
        streamsOfShards = shards.map { shard in
            let streams = layout.streams(ofShard: shard)
            return (streams.lowerBound - first)..<(streams.upperBound - first)
        }
    }

    /// The shards of contiguous ranks.
    init(_ layout: ShardLayout, ofRanks ranks: Range<Int>) {
        self.init(
            layout, layout.shards(ofRank: ranks.lowerBound).lowerBound..<layout.shards(ofRank: ranks.upperBound - 1).upperBound)
    }

    /// The program from single shards to the largest subtrees.
    var program: TreeProgram { TreeProgram(tree: ShardTree(shardCount: layout.shardCount), ownShards: shards) }
}

extension SharedGradients {
    /// The joint gradients of this rank's node in `exchange`; nil if the rank computes its gradients alone.
    convenience init?(
        training needs: ModelNeeds, shards: ShardLayout, rank: Int, exchange: GradientExchange, windowLength: Int
    ) {
        guard let memory = exchange.sharedRows else { return nil }
        let ranks = exchange.topology.nodes[exchange.topology.nodeIndex]
        let node = NeighbouringShards(shards, ofRanks: ranks)
        self.init(
            SharedRows(maximumSteps: windowLength, streamsOfShards: node.streamsOfShards, precision: needs.precision),
            shardsOfRanks: ranks.map { rank in
                let own = shards.shards(ofRank: rank)
                return (own.lowerBound - node.shards.lowerBound)..<(own.upperBound - node.shards.lowerBound)
            },
            rank: rank - ranks.lowerBound, program: node.program, widestInput: needs.widestInput,
            memory: memory)
    }
}
