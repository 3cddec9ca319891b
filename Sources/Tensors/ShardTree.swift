/// The canonical binary tree over the shards of a run: the one order in which partial gradients and losses are added.
///
/// A node is a contiguous range of shards. The root is `0..<shardCount`, a node splits at its middle
/// (`lo + (hi - lo) / 2`), a leaf is a single shard, and a node's sum is `left + right`. Since every rank count and every
/// split into nodes of the machine evaluates this same tree, the sums have the same bits.
public struct ShardTree: Sendable, Equatable {
    /// Shards in all.
    public let shardCount: Int

    /// The tree over `shardCount` shards, at least one.
    public init(shardCount: Int) {
        precondition(shardCount >= 1, "a tree has at least one shard, not \(shardCount)")
        self.shardCount = shardCount
    }

    /// Where a node splits.
    static func middle(of node: Range<Int>) -> Int {
        node.lowerBound + node.count / 2
    }

    /// The largest nodes that together are exactly `shards`, from left to right: one for a whole subtree, else two or more.
    ///
    /// A rank publishes one partial gradient for each of them.
    public func cover(of shards: Range<Int>) -> [Range<Int>] {
        precondition(
            shards.lowerBound >= 0 && shards.upperBound <= shardCount, "shards \(shards) are outside a tree of \(shardCount)")
        return Self.cover(of: shards, under: 0..<shardCount)
    }

    private static func cover(of shards: Range<Int>, under node: Range<Int>) -> [Range<Int>] {
        let overlap = shards.clamped(to: node)
        if overlap.isEmpty { return [] }
        if overlap == node { return [node] }
        let middle = middle(of: node)
        return cover(of: overlap, under: node.lowerBound..<middle) + cover(of: overlap, under: middle..<node.upperBound)
    }
}
