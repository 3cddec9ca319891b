/// The division of B streams into S shards, and of S shards among N ranks: contiguous, with sizes that differ by at most one.
///
/// Stream b is in shard `b * S / B`. Rank r owns shards `r * S / N ..< (r + 1) * S / N`.
public struct ShardLayout: Sendable, Equatable {
    /// B, the number of streams.
    public let streamCount: Int
    /// S, the number of shards. Each has at least one stream.
    public let shardCount: Int
    /// N, the number of ranks. Each has at least one shard.
    public let rankCount: Int

    /// Throws `moreShardsThanStreams` if S > B and `moreRanksThanShards` if N > S (64).
    public init(streamCount: Int, shardCount: Int, rankCount: Int) throws(TextDataError) {
        precondition(
            streamCount > 0 && shardCount > 0 && rankCount > 0,
            "\(streamCount) streams, \(shardCount) shards, \(rankCount) ranks")
        guard shardCount <= streamCount else {
            throw .moreShardsThanStreams(shardCount: shardCount, streamCount: streamCount)
        }
        guard rankCount <= shardCount else {
            throw .moreRanksThanShards(rankCount: rankCount, shardCount: shardCount, streamCount: streamCount)
        }
        self.streamCount = streamCount
        self.shardCount = shardCount
        self.rankCount = rankCount
    }

    /// The default number of shards: 8, or the smallest power of two that is at least the number of ranks, but at most B.
    public static func defaultShardCount(streamCount: Int, rankCount: Int) -> Int {
        var shardCount = 8
        while shardCount < rankCount { shardCount *= 2 }
        return min(shardCount, streamCount)
    }

    /// The shard of `stream`.
    public func shard(ofStream stream: Int) -> Int {
        precondition((0..<streamCount).contains(stream), "stream \(stream) of \(streamCount)")
        return stream * shardCount / streamCount
    }

    /// The streams of `shard`.
    public func streams(ofShard shard: Int) -> Range<Int> {
        precondition((0..<shardCount).contains(shard), "shard \(shard) of \(shardCount)")
        return firstStream(ofShard: shard)..<firstStream(ofShard: shard + 1)
    }

    /// The shards of `rank`.
    public func shards(ofRank rank: Int) -> Range<Int> {
        precondition((0..<rankCount).contains(rank), "rank \(rank) of \(rankCount)")
        return (rank * shardCount / rankCount)..<((rank + 1) * shardCount / rankCount)
    }

    /// The streams of all shards of `rank`.
    public func streams(ofRank rank: Int) -> Range<Int> {
        let shards = shards(ofRank: rank)
        return firstStream(ofShard: shards.lowerBound)..<firstStream(ofShard: shards.upperBound)
    }

    /// The rank that owns `shard`.
    public func rank(ofShard shard: Int) -> Int {
        precondition((0..<shardCount).contains(shard), "shard \(shard) of \(shardCount)")
        return ((shard + 1) * rankCount - 1) / shardCount
    }

    /// The smallest b with `b * S / B >= shard`; B for shard S.
    private func firstStream(ofShard shard: Int) -> Int {
        (shard * streamCount + shardCount - 1) / shardCount
    }
}
