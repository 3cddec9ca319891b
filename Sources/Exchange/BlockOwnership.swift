internal import Communication
internal import Tensors

/// Which rank sums which blocks of 4096 elements.
///
/// The sum has two levels. Within a node, each rank *holds* an equal, contiguous range of blocks, and sums the partial gradients of its node over
/// them. Across nodes, one rank *owns* each block: it computes the final sum and updates the parameters.
/// If all nodes have the same number of ranks, the owner of a block also holds it in its node. A rank with local number l then exchanges only
/// with the ranks of local number l on other nodes, and each network link carries the minimum of data.
/// If the numbers differ, every rank owns an equal range of blocks.
struct BlockOwnership {
    /// P, the number of elements.
    let elementCount: Int
    /// The blocks that each rank holds.
    let held: [Range<Int>]
    /// The blocks that each rank owns.
    let owned: [Range<Int>]

    init(elementCount: Int, nodes: [Range<Int>]) {
        self.elementCount = elementCount
        let blockCount = (elementCount + TreeProgram.blockSize - 1) / TreeProgram.blockSize
        let held = nodes.flatMap { ranks in
            ranks.map { ExchangeShape.part($0 - ranks.lowerBound, of: ranks.count, in: blockCount) }
        }
        self.held = held
        let equal = nodes.allSatisfy { $0.count == nodes[0].count }
        owned = nodes.enumerated().flatMap { index, ranks in
            ranks.map { rank in
                equal
                    ? ExchangeShape.part(index, of: nodes.count, in: held[rank].count).shifted(by: held[rank].lowerBound)
                    : ExchangeShape.part(rank, of: held.count, in: blockCount)
            }
        }
    }

    /// The elements of a range of blocks. The last block of the arena may be shorter than 4096.
    func elements(_ blocks: Range<Int>) -> Range<Int> {
        let (start, end) = (blocks.lowerBound * TreeProgram.blockSize, blocks.upperBound * TreeProgram.blockSize)
        return min(start, elementCount)..<min(end, elementCount)
    }

    /// The elements that one rank holds and another owns.
    func elements(heldBy holder: Int, ownedBy owner: Int) -> Range<Int> {
        elements(held[holder].clamped(to: owned[owner]))
    }
}

extension Range<Int> {
    /// The range with `distance` added to both bounds.
    func shifted(by distance: Int) -> Range<Int> { (lowerBound + distance)..<(upperBound + distance) }
}
