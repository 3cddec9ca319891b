/// The division of the ranks into nodes. A node is a set of ranks that share one window of memory.
public struct NodeTopology: Sendable, Equatable {
    /// The ranks of each node. The ranges are contiguous and cover all ranks.
    public let nodes: [Range<Int>]
    /// The node of this rank.
    public let nodeIndex: Int
    /// This rank's number in its node.
    public let localRank: Int

    /// The number of ranks in this rank's node.
    public var localCount: Int { nodes[nodeIndex].count }

    /// Divides the ranks of each host into nodes of `nodeSize` ranks; the last node of a host may have fewer. With nil, each host is one node.
    ///
    /// With a node size of 1, every rank is a node, and all communication is by messages.
    public init(hosts: [Range<Int>], nodeSize: Int?, rank: Int) {
        precondition(nodeSize ?? 1 > 0, "a node size of \(nodeSize ?? 0)")
        let nodes = hosts.flatMap { host in
            stride(from: host.lowerBound, to: host.upperBound, by: nodeSize ?? host.count).map {
                $0..<min($0 + (nodeSize ?? host.count), host.upperBound)
            }
        }
        precondition(nodes.contains { $0.contains(rank) }, "rank \(rank) is on none of the hosts")
        self.nodes = nodes
        nodeIndex = nodes.firstIndex { $0.contains(rank) }!
        localRank = rank - nodes[nodeIndex].lowerBound
    }

    /// The same nodes from the view of another rank.
    public func seen(from rank: Int) -> NodeTopology {
        NodeTopology(hosts: nodes, nodeSize: nil, rank: rank)
    }
}
