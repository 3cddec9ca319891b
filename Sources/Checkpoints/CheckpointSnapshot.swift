import Failures

/// A copy of a checkpoint's arrays in one block of memory. Training may change the originals meanwhile.
///
/// The block grows to the size of the largest checkpoint, and is reused. Safe to pass to another thread, because `BackgroundWriter` copies
/// only while no job reads.
final class CheckpointSnapshot: @unchecked Sendable {
    private static let alignment = 64

    private var block: MemoryBlock?
    /// The copy. Its arrays point into this object's memory.
    private(set) var checkpoint = Checkpoint(arrays: [])

    /// Replaces the copy. Throws if there is no memory for it; there is then no copy. Cost: one pass over the arrays.
    func copy(_ original: Checkpoint) throws(MemoryError) {
        let memory = try reserved(original.arrays.reduce(0) { $0 + Self.roundedUp($1.bytes.count) })
        var offset = 0
        let arrays = original.arrays.map { array in
            let place = UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + array.bytes.count])
            place.copyMemory(from: array.bytes)
            offset += Self.roundedUp(array.bytes.count)
            return array.moved(to: UnsafeRawBufferPointer(place))
        }
        checkpoint = Checkpoint(arrays: arrays, metadata: original.metadata)
    }

    /// The memory of the copy, with at least this number of bytes.
    private func reserved(_ byteCount: Int) throws(MemoryError) -> UnsafeMutableRawBufferPointer {
        if let block, byteCount <= block.bytes.count { return block.bytes }
        // The old block is freed first, so that the two never exist together.
        checkpoint = Checkpoint(arrays: [])
        block = nil
        let larger = try MemoryBlock(byteCount: byteCount, for: "the copy of a checkpoint")
        block = larger
        return larger.bytes
    }

    private static func roundedUp(_ byteCount: Int) -> Int { (byteCount + alignment - 1) / alignment * alignment }
}
