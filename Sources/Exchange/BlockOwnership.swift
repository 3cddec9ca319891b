internal import Communication
internal import Tensors

/// Which rank adds up which blocks of 4096 elements.
///
/// Inside a node every rank *holds* an even, contiguous part of the blocks, of which it makes the node's sums. In the world
/// every block is *owned* by one rank, which makes the final sum and updates the parameters. With nodes of one size the owner of a block
/// is one of its holders, so that the rank with local number l talks only to those with the same l on other nodes; each
/// network link then carries the least there is to carry. With nodes of different sizes the owned parts are even over all ranks.
struct BlockOwnership {
    /// P: elements in all.
    let elementCount: Int
    /// The blocks each rank holds in its node.
    let held: [Range<Int>]
    /// The blocks each rank owns.
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

    /// The elements of a range of blocks; the last block may be short.
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
    /// The same range, moved up.
    func shifted(by distance: Int) -> Range<Int> { (lowerBound + distance)..<(upperBound + distance) }
}
