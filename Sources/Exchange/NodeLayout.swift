internal import Communication
internal import Tensors

/// The layout of a node's memory, as byte offsets from its base. All ranks of the node compute the same layout.
///
/// The parts, in order: a page for the barrier, the parameters, the packed weights, one slot of P floats for each partial gradient of each local
/// rank, the shared rows, the maps of live tiles, the memory of the teams, and the two record buffers. Every part starts at a page.
struct NodeLayout {
    static let pageSize = 4096

    /// P, the number of parameters.
    private let elementCount: Int
    /// The offset of the parameters: P floats.
    let parameters: Int
    /// The offset of the packed weights: `packedCount` floats.
    let packedWeights: Int
    /// The offsets of the slots: P floats for each entry of `slotShards`.
    let slots: [Int]
    /// The shards whose summed gradient each slot holds, from left to right.
    let slotShards: [Range<Int>]
    /// The slots of each local rank.
    let slotsOfLocalRank: [Range<Int>]
    /// The offset of each local rank's map of live tiles: one byte for each tile up to the end of the last sparse table.
    let liveMaps: [Int]
    /// The offsets of a team's barrier and of its shared memory.
    struct Team {
        let ranks: Range<Int>
        let barrier: Int
        let memory: Int
    }
    /// The teams of the node.
    let teams: [Team]
    /// The offset of the shared rows; nil in a node of one rank.
    let sharedRows: Int?
    /// The number of floats of the shared rows.
    let sharedRowCount: Int
    /// The elements whose gradients the ranks compute jointly; empty in a node of one rank.
    let dividedElements: Range<Int>
    /// The largest subtrees that cover the node's shards.
    let outputs: [Range<Int>]
    /// The slots that receive the node's sums. Each output uses the slot of its first addend, so the sum touches no other memory.
    let outputSlots: [Int]
    /// The offsets of the two record buffers.
    let recordBuffers: [Int]
    /// Bytes of all parts.
    let byteCount: Int
    /// Bytes that the ranks touch. The elements that they compute jointly stay untouched in all slots but the output slots.
    var touchedByteCount: Int {
        let slotByteCount = Self.pages(elementCount * 4)
        return byteCount
            - slots.indices.reduce(0) { unused, slot in
                unused + slotByteCount - usedPages(ofSlot: slot).reduce(0) { $0 + $1.count }
            }
    }

    init(shape: ExchangeShape, rankCount: Int, ranks: Range<Int>, recordByteCount: Int) {
        let tree = ShardTree(shardCount: shape.shardCount)
        let covers = ranks.map { tree.cover(of: shape.shards(of: $0, of: rankCount)) }
        var end = Self.pages(SleepingBarrier.byteCount)
        func place(_ byteCount: Int) -> Int {
            defer { end += Self.pages(byteCount) }
            return end
        }
        elementCount = shape.elementCount
        parameters = place(shape.elementCount * 4)
        packedWeights = place(shape.packedCount * 4)
        let slotShards = covers.flatMap { $0 }
        self.slotShards = slotShards
        slots = slotShards.map { _ in place(shape.elementCount * 4) }
        let own = shape.shards(ofRanks: ranks, of: rankCount)
        outputs = tree.cover(of: own)
        outputSlots = outputs.map { output in slotShards.firstIndex { $0.lowerBound == output.lowerBound }! }
        dividedElements = ranks.count > 1 ? shape.dividedElements : 0..<0
        sharedRowCount = dividedElements.isEmpty ? 0 : shape.sharedRowCounts[own].reduce(0, +)
        sharedRows = dividedElements.isEmpty ? nil : place(sharedRowCount * 4)
        liveMaps = ranks.map { _ in place(LiveTiles.count(within: shape.sparseEnd)) }
        teams =
            shape.teams.map { teams in
                teams.teams(of: ranks).map {
                    Team(ranks: $0, barrier: place(SleepingBarrier.byteCount), memory: place(teams.floatCount * 4))
                }
            } ?? []
        recordBuffers = [place(recordByteCount), place(recordByteCount)]
        byteCount = end
        var first = 0
        slotsOfLocalRank = covers.map { cover in
            defer { first += cover.count }
            return first..<(first + cover.count)
        }
    }

    /// The byte count, rounded up to whole pages.
    static func pages(_ byteCount: Int) -> Int { (byteCount + pageSize - 1) / pageSize * pageSize }

    /// The ranges within `elements` for which a slot is used.
    func used(_ elements: Range<Int>, ofSlot slot: Int) -> [Range<Int>] {
        guard !dividedElements.isEmpty, !outputSlots.contains(slot) else { return [elements] }
        let parts = [
            elements.clamped(to: 0..<dividedElements.lowerBound), elements.clamped(to: dividedElements.upperBound..<Int.max),
        ]
        return parts.filter { !$0.isEmpty }
    }

    /// The byte ranges of a slot that are used, in whole pages.
    func usedPages(ofSlot slot: Int) -> [Range<Int>] {
        used(0..<elementCount, ofSlot: slot).map { elements in
            let first = elements.lowerBound * 4 / Self.pageSize * Self.pageSize
            return (slots[slot] + first)..<(slots[slot] + Self.pages(elements.upperBound * 4))
        }
    }
}
