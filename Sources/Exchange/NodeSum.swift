internal import Tensors

/// How the sums of a node come from its slots, over some of the elements.
struct NodeSum {
    let elements: Range<Int>
    let program: TreeProgram
    /// The slot of each leaf.
    let slots: [Int]

    /// Whether there is anything to add.
    var adds: Bool { program.leaves != program.outputs }

    /// The sums over all elements. Every rank gives partial sums of its own shards, but for the elements that the ranks have divided among them:
    /// of these the node's sums are there.
    static func all(shape: ExchangeShape, layout: NodeLayout) -> [NodeSum] {
        func sum(_ elements: Range<Int>, of slots: [Int], _ shards: [Range<Int>]) -> NodeSum {
            let program = TreeProgram(tree: ShardTree(shardCount: shape.shardCount), leaves: shards, outputs: layout.outputs)
            return NodeSum(elements: elements, program: program, slots: slots)
        }
        func byRank(_ elements: Range<Int>) -> NodeSum { sum(elements, of: Array(layout.slots.indices), layout.slotShards) }
        let divided = layout.dividedElements
        let sums = [
            byRank(0..<divided.lowerBound), sum(divided, of: layout.outputSlots, layout.outputs),
            byRank(divided.upperBound..<shape.elementCount),
        ]
        return sums.filter { !$0.elements.isEmpty }
    }
}
