internal import Communication
internal import Tensors

/// Where everything lies in a node's memory: byte offsets from the base, computed alike by all its ranks.
///
/// A page for the barrier, then the parameters and what is derived of them, one slot of P floats for each partial sum of each local rank,
/// maps of the live tiles, what teams share, and the bulletins.
/// Every part starts at a page.
struct NodeLayout {
    static let pageSize = 4096

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
    /// The two bulletins, used in turn.
    let bulletins: [Int]
    /// All bytes.
    let byteCount: Int

    init(shape: ExchangeShape, rankCount: Int, ranks: Range<Int>, bulletinByteCount: Int) {
        let tree = ShardTree(shardCount: shape.shardCount)
        let covers = ranks.map { tree.cover(of: shape.shards(of: $0, of: rankCount)) }
        var end = Self.pages(SleepingBarrier.byteCount)
        func place(_ byteCount: Int) -> Int {
            defer { end += Self.pages(byteCount) }
            return end
        }
        parameters = place(shape.elementCount * 4)
        derived = place(shape.derivedCount * 4)
        slotShards = covers.flatMap { $0 }
        slots = slotShards.map { _ in place(shape.elementCount * 4) }
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
}
