/// How B streams form S shards, and S shards are shared by N ranks: contiguous, and as even as they go.
///
/// Stream b is in shard `b * S / B`; rank r owns shards `r * S / N ..< (r + 1) * S / N`.
public struct ShardLayout: Sendable, Equatable {
    /// B, the streams.
    public let streamCount: Int
    /// S, the shards; each has a stream or more.
    public let shardCount: Int
    /// N, the ranks; each has a shard or more.
    public let rankCount: Int

    /// Throws `moreShardsThanStreams` for S > B and `moreRanksThanShards` for N > S (64).
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

    /// The shards of a run that names none: 8, or the next power of two that is no less than the ranks, or B if B is smaller.
    public static func defaultShardCount(streamCount: Int, rankCount: Int) -> Int {
        var shardCount = 8
        while shardCount < rankCount { shardCount *= 2 }
        return min(shardCount, streamCount)
    }

    /// The shard that `stream` is in.
    public func shard(ofStream stream: Int) -> Int {
        precondition((0..<streamCount).contains(stream), "stream \(stream) of \(streamCount)")
        return stream * shardCount / streamCount
    }

    /// The streams that form `shard`.
    public func streams(ofShard shard: Int) -> Range<Int> {
        precondition((0..<shardCount).contains(shard), "shard \(shard) of \(shardCount)")
        return firstStream(ofShard: shard)..<firstStream(ofShard: shard + 1)
    }

    /// The shards that `rank` owns.
    public func shards(ofRank rank: Int) -> Range<Int> {
        precondition((0..<rankCount).contains(rank), "rank \(rank) of \(rankCount)")
        return (rank * shardCount / rankCount)..<((rank + 1) * shardCount / rankCount)
    }

    /// The streams of all shards that `rank` owns.
    public func streams(ofRank rank: Int) -> Range<Int> {
        let shards = shards(ofRank: rank)
        return firstStream(ofShard: shards.lowerBound)..<firstStream(ofShard: shards.upperBound)
    }

    /// The rank that owns `shard`.
    public func rank(ofShard shard: Int) -> Int {
        precondition((0..<shardCount).contains(shard), "shard \(shard) of \(shardCount)")
        return ((shard + 1) * rankCount - 1) / shardCount
    }

    /// The least b with `b * S / B >= shard`, which is B for shard S.
    private func firstStream(ofShard shard: Int) -> Int {
        (shard * streamCount + shardCount - 1) / shardCount
    }
}
