/// The canonical binary tree over the shards of a run: it fixes the order in which partial gradients and losses are added.
///
/// A node is a contiguous range of shards. The root is `0..<shardCount`. A node splits at its middle, `lo + (hi - lo) / 2`. A
/// leaf is a single shard. The sum of a node is `left + right`. All rank counts and all distributions of ranks over machines
/// evaluate the same tree, so the sums have the same bits.
public struct ShardTree: Sendable, Equatable {
    /// The number of shards.
    public let shardCount: Int

    /// The tree over `shardCount` shards, at least one.
    public init(shardCount: Int) {
        precondition(shardCount >= 1, "a tree has at least one shard, not \(shardCount)")
        self.shardCount = shardCount
    }

    /// The shard at which a node splits.
    static func middle(of node: Range<Int>) -> Int {
        node.lowerBound + node.count / 2
    }

    /// The fewest nodes that cover exactly `shards`, from left to right: one node if `shards` is a subtree, otherwise two or
    /// more.
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
