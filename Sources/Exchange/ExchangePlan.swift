internal import Communication
internal import Tensors

/// The part of an exchange that is fixed before its first step, for one rank.
struct ExchangePlan {
    let shape: ExchangeShape
    let topology: NodeTopology
    let rank: Int
    let rankCount: Int
    let ownership: BlockOwnership
    let recordLayout: StepRecordLayout
    let layout: NodeLayout

    /// The sums within this node: from its slots to the largest subtrees that cover its shards, for each range of elements.
    let nodeSums: [NodeSum]
    /// The sum across nodes: from the subtrees of all nodes to the root. Nil for one node.
    let worldProgram: TreeProgram?

    init(shape: ExchangeShape, topology: NodeTopology, rank: Int) {
        self.shape = shape
        self.topology = topology
        self.rank = rank
        let rankCount = topology.nodes.last!.upperBound
        self.rankCount = rankCount
        ownership = BlockOwnership(elementCount: shape.elementCount, nodes: topology.nodes)
        recordLayout = StepRecordLayout(shape: shape, rankCount: rankCount, ownership: ownership)
        let layout = NodeLayout(
            shape: shape, rankCount: rankCount, ranks: topology.nodes[topology.nodeIndex],
            recordByteCount: recordLayout.totalByteCount)
        self.layout = layout
        let tree = ShardTree(shardCount: shape.shardCount)
        let covers = topology.nodes.map { tree.cover(of: shape.shards(ofRanks: $0, of: rankCount)) }
        nodeSums = NodeSum.all(shape: shape, layout: layout)
        worldProgram =
            covers.count == 1 ? nil : TreeProgram(tree: tree, leaves: covers.flatMap { $0 }, outputs: [0..<shape.shardCount])
    }

    /// The slots that receive the sums of this node.
    var outputSlots: [Int] { layout.outputSlots }

    /// This rank's node.
    var node: Range<Int> { topology.nodes[topology.nodeIndex] }

    /// The elements that this rank owns.
    var ownedElements: Range<Int> { ownership.elements(ownership.owned[rank]) }

    /// The elements for which this rank computes the node's sums.
    var heldElements: Range<Int> { ownership.elements(ownership.held[rank]) }

    /// The elements of the node's first sum that only this rank uses at the end of a step: the elements that it owns, where it writes the final
    /// sum, and the elements that it holds and no rank of this node owns.
    var firstSumElements: [Range<Int>] {
        let owned = node.map { ownership.elements(ownership.owned[$0]) }.filter { !$0.isEmpty }
        var parts = ownedElements.isEmpty ? [] : [ownedElements]
        var start = heldElements.lowerBound
        for range in owned.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            let piece = start..<max(start, min(range.lowerBound, heldElements.upperBound))
            if !piece.isEmpty { parts.append(piece) }
            start = min(max(start, range.upperBound), heldElements.upperBound)
        }
        if start < heldElements.upperBound { parts.append(start..<heldElements.upperBound) }
        return parts
    }

    /// Whether the node has more than one partial gradient to sum.
    var addsInNode: Bool { nodeSums.contains(where: \.adds) }

    /// The `nodeSums`, with pointers into the node's memory.
    func nodeStretches(base: UnsafeMutableRawPointer) -> [TreeReduction.Stretch] {
        nodeSums.map { sum in
            TreeReduction.Stretch(
                elements: sum.elements, program: sum.program,
                sources: sum.slots.map { UnsafePointer((base + layout.slots[$0]).assumingMemoryBound(to: Float.self)) })
        }
    }

    /// The index in `worldProgram` of the first leaf of a node.
    func firstWorldLeaf(of node: Range<Int>) -> Int {
        let firstShard = shape.shards(of: node.lowerBound, of: rankCount).lowerBound
        return worldProgram!.leaves.firstIndex { $0.lowerBound == firstShard }!
    }

    /// The indices in `worldProgram` of the leaves of a node.
    func worldLeaves(of node: Range<Int>) -> Range<Int> {
        let first = firstWorldLeaf(of: node)
        let next = topology.nodes.first { $0.lowerBound == node.upperBound }
        return first..<(next.map(firstWorldLeaf) ?? worldProgram!.leaves.count)
    }

    /// The ranks of other nodes.
    var remoteRanks: [Int] { (0..<rankCount).filter { !node.contains($0) } }

    /// The rank of `node` that receives, for all ranks of that node, the broadcasts of `sender`, a rank of another node.
    func receiver(in node: Range<Int>, for sender: Int) -> Int {
        let home = topology.nodes.first { $0.contains(sender) }!
        return node.lowerBound + (sender - home.lowerBound) % node.count
    }
}
