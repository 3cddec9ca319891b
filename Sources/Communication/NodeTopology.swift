/// How the ranks fall into nodes, a node being the ranks that share one window of memory.
public struct NodeTopology: Sendable, Equatable {
    /// The ranks of each node, in order: all ranks, contiguous.
    public let nodes: [Range<Int>]
    /// The node of this rank.
    public let nodeIndex: Int
    /// This rank's number in its node.
    public let localRank: Int

    /// How many ranks this rank's node has.
    public var localCount: Int { nodes[nodeIndex].count }

    /// Cuts each host's ranks into nodes of `nodeSize` ranks (the last may have fewer); nil: a host is a node.
    ///
    /// A node size of 1 makes every rank a node of its own, which exchanges by messages alone.
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

    /// The same nodes, seen from another rank.
    public func seen(from rank: Int) -> NodeTopology {
        NodeTopology(hosts: nodes, nodeSize: nil, rank: rank)
    }
}
