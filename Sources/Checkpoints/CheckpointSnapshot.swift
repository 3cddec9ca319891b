/// A copy of a checkpoint's arrays in one block of memory. Training may change the originals meanwhile.
///
/// The block grows to the size of the largest checkpoint, and is reused. Safe to pass to another thread, because `BackgroundWriter` copies
/// only while no job reads.
final class CheckpointSnapshot: @unchecked Sendable {
    private static let alignment = 64

    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: CheckpointSnapshot.alignment)
    /// The copy. Its arrays point into this object's memory.
    private(set) var checkpoint = Checkpoint(arrays: [])

    deinit { memory.deallocate() }

    /// Replaces the copy. Cost: one pass over the arrays.
    func copy(_ original: Checkpoint) {
        reserve(original.arrays.reduce(0) { $0 + Self.roundedUp($1.bytes.count) })
        var offset = 0
        let arrays = original.arrays.map { array in
            let place = UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + array.bytes.count])
            place.copyMemory(from: array.bytes)
            offset += Self.roundedUp(array.bytes.count)
            return array.moved(to: UnsafeRawBufferPointer(place))
        }
        checkpoint = Checkpoint(arrays: arrays, metadata: original.metadata)
    }

    private func reserve(_ byteCount: Int) {
        guard byteCount > memory.count else { return }
        memory.deallocate()
        memory = .allocate(byteCount: byteCount, alignment: Self.alignment)
    }

    private static func roundedUp(_ byteCount: Int) -> Int { (byteCount + alignment - 1) / alignment * alignment }
}
