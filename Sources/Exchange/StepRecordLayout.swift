internal import Communication

/// Layout of the step records: what ranks exchange at a step besides gradients. Every node holds one record of each rank.
///
/// A record has three parts: flags (Int32 in 8 bytes); the scalars of the rank's shards `[shards, scalarsPerShard]`, in double; and, from the next
/// cache line, the sums of squares of the blocks that the rank owns, in double.
struct StepRecordLayout {
    /// Byte offset of each rank's record.
    let offsets: [Int]
    /// Bytes of a record's head: flags and scalars.
    let headByteCounts: [Int]
    /// Byte offset of the block sums within each record.
    let sumOffsets: [Int]
    /// Bytes of each record.
    let byteCounts: [Int]
    /// Bytes of all records.
    let totalByteCount: Int

    init(shape: ExchangeShape, rankCount: Int, ownership: BlockOwnership) {
        let heads = (0..<rankCount).map { 8 + shape.shards(of: $0, of: rankCount).count * shape.scalarsPerShard * 8 }
        let sumOffsets = heads.map { ($0 + 63) / 64 * 64 }
        let sizes = (0..<rankCount).map { sumOffsets[$0] + ownership.owned[$0].count * 8 }
        var end = 0
        offsets = sizes.map { size in
            defer { end += (size + 63) / 64 * 64 }
            return end
        }
        headByteCounts = heads
        self.sumOffsets = sumOffsets
        byteCounts = sizes
        totalByteCount = end
    }
}
