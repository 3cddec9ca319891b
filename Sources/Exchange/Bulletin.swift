internal import Communication

/// What ranks tell each other at a step besides gradients: one record a rank, all of them in every node's memory.
///
/// A record is: flags (Int32 in 8 bytes); the scalars of the rank's shards `[shards, scalarsPerShard]`; at the next cache line the sums
/// of squares of the blocks it owns. Two bulletins are used in turn, so that a rank may write the next while another still reads this one.
struct Bulletin {
    /// Byte offset of each rank's record.
    let records: [Int]
    /// Bytes of a record's head: flags and scalars.
    let headByteCounts: [Int]
    /// Byte offset, in the record, of the block sums.
    let sumOffsets: [Int]
    /// Bytes of each record.
    let recordByteCounts: [Int]
    /// All bytes.
    let byteCount: Int

    init(shape: ExchangeShape, rankCount: Int, ownership: BlockOwnership) {
        let heads = (0..<rankCount).map { 8 + shape.shards(of: $0, of: rankCount).count * shape.scalarsPerShard * 8 }
        let sumOffsets = heads.map { ($0 + 63) / 64 * 64 }
        let sizes = (0..<rankCount).map { sumOffsets[$0] + ownership.owned[$0].count * 8 }
        var end = 0
        records = sizes.map { size in
            defer { end += (size + 63) / 64 * 64 }
            return end
        }
        headByteCounts = heads
        self.sumOffsets = sumOffsets
        recordByteCounts = sizes
        byteCount = end
    }
}
