internal import Tensors

/// How the sums of a node are computed from its slots, for a range of elements.
struct NodeSum {
    let elements: Range<Int>
    let program: TreeProgram
    /// The slot of each leaf.
    let slots: [Int]

    /// Whether the program adds anything: false if its leaves are already its outputs.
    var adds: Bool { program.leaves != program.outputs }

    /// The sums for all elements. The slots hold partial gradients of each rank's own shards. For the elements that the ranks compute jointly,
    /// the output slots already hold the node's sums.
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
