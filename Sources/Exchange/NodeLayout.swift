internal import Communication
internal import Tensors

/// Where everything lies in a node's memory: byte offsets from the base, computed alike by all its ranks.
///
/// A page for the barrier, then the parameters and what is derived of them, one slot of P floats for each partial sum of each local rank,
/// what they share of their windows, maps of the live tiles, what teams share, and the bulletins.
/// Every part starts at a page.
struct NodeLayout {
    static let pageSize = 4096

    /// P.
    private let elementCount: Int
    /// The parameters: P floats.
    let parameters: Int
    /// What is made of the parameters: `derivedCount` floats.
    let derived: Int
    /// One slot of P floats for each entry of `slotShards`.
    let slots: [Int]
    /// The shards whose sum each slot takes, from left to right.
    let slotShards: [Range<Int>]
    /// The slots of each local rank.
    let slotsOfLocalRank: [Range<Int>]
    /// For each local rank, one byte for each tile of the sparse elements.
    let liveMaps: [Int]
    /// What a team shares: a page for its barrier, and its memory.
    struct Team {
        let ranks: Range<Int>
        let barrier: Int
        let memory: Int
    }
    /// The teams of the node.
    let teams: [Team]
    /// What the ranks read of each other's windows; nil for a rank alone.
    let sharedRows: Int?
    /// Floats of it.
    let sharedRowCount: Int
    /// The elements for which the ranks give the node's sums; none for a rank alone.
    let dividedElements: Range<Int>
    /// The largest subtrees that cover the node.
    let outputs: [Range<Int>]
    /// The slots that take the node's sums: each largest subtree has that of its first addend, so that nothing else is touched.
    let outputSlots: [Int]
    /// The two bulletins, used in turn.
    let bulletins: [Int]
    /// All bytes.
    let byteCount: Int
    /// Those of them that are ever touched: no rank uses its slots for what another gives for the whole team.
    var touchedByteCount: Int {
        let slotByteCount = Self.pages(elementCount * 4)
        return byteCount
            - slots.indices.reduce(0) { unused, slot in
                unused + slotByteCount - usedPages(ofSlot: slot).reduce(0) { $0 + $1.count }
            }
    }

    init(shape: ExchangeShape, rankCount: Int, ranks: Range<Int>, bulletinByteCount: Int) {
        let tree = ShardTree(shardCount: shape.shardCount)
        let covers = ranks.map { tree.cover(of: shape.shards(of: $0, of: rankCount)) }
        var end = Self.pages(SleepingBarrier.byteCount)
        func place(_ byteCount: Int) -> Int {
            defer { end += Self.pages(byteCount) }
            return end
        }
        elementCount = shape.elementCount
        parameters = place(shape.elementCount * 4)
        derived = place(shape.derivedCount * 4)
        let slotShards = covers.flatMap { $0 }
        self.slotShards = slotShards
        slots = slotShards.map { _ in place(shape.elementCount * 4) }
        let own = shape.shards(ofRanks: ranks, of: rankCount)
        outputs = tree.cover(of: own)
        outputSlots = outputs.map { output in slotShards.firstIndex { $0.lowerBound == output.lowerBound }! }
        dividedElements = ranks.count > 1 ? shape.dividedElements : 0..<0
        sharedRowCount = dividedElements.isEmpty ? 0 : shape.sharedRowCounts[own].reduce(0, +)
        sharedRows = dividedElements.isEmpty ? nil : place(sharedRowCount * 4)
        liveMaps = ranks.map { _ in place(LiveTiles.count(within: shape.sparseCount)) }
        teams =
            shape.teams.map { teams in
                teams.teams(of: ranks).map {
                    Team(ranks: $0, barrier: place(SleepingBarrier.byteCount), memory: place(teams.floatCount * 4))
                }
            } ?? []
        bulletins = [place(bulletinByteCount), place(bulletinByteCount)]
        byteCount = end
        var first = 0
        slotsOfLocalRank = covers.map { cover in
            defer { first += cover.count }
            return first..<(first + cover.count)
        }
    }

    /// A byte count rounded up to whole pages.
    static func pages(_ byteCount: Int) -> Int { (byteCount + pageSize - 1) / pageSize * pageSize }

    /// Of some elements those that a slot is used for.
    func used(_ elements: Range<Int>, ofSlot slot: Int) -> [Range<Int>] {
        guard !dividedElements.isEmpty, !outputSlots.contains(slot) else { return [elements] }
        let parts = [
            elements.clamped(to: 0..<dividedElements.lowerBound), elements.clamped(to: dividedElements.upperBound..<Int.max),
        ]
        return parts.filter { !$0.isEmpty }
    }

    /// The bytes of a slot that are used, in whole pages.
    func usedPages(ofSlot slot: Int) -> [Range<Int>] {
        used(0..<elementCount, ofSlot: slot).map { elements in
            let first = elements.lowerBound * 4 / Self.pageSize * Self.pageSize
            return (slots[slot] + first)..<(slots[slot] + Self.pages(elements.upperBound * 4))
        }
    }
}
