package import Failures
import Glibc

/// A block of memory, aligned to cache lines, which is freed with its owner.
///
/// Use it for large blocks that are allocated during a run: it throws if the system refuses the memory, whereas the allocating methods of the
/// standard library end the process.
package final class MemoryBlock {
    /// The bytes, which are valid as long as the block.
    package let bytes: UnsafeMutableRawBufferPointer

    /// Allocates a block.
    ///
    /// - Parameters:
    ///   - purpose: what the memory is for, in the text of the error.
    ///   - isZeroed: whether all bytes are set to zero; otherwise their values are undefined.
    package init(byteCount: Int, for purpose: String, isZeroed: Bool = false) throws(MemoryError) {
        var start: UnsafeMutableRawPointer?
        // One cache line at least, so that an empty block has an address, too.
        guard posix_memalign(&start, 64, max(byteCount, 64)) == 0, let start else {
            throw MemoryError(purpose: purpose, byteCount: byteCount)
        }
        bytes = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
        if isZeroed { memset(start, 0, byteCount) }
    }

    /// Allocates `count` zeros.
    package convenience init(floatCount count: Int, for purpose: String) throws(MemoryError) {
        try self.init(byteCount: count * MemoryLayout<Float>.stride, for: purpose, isZeroed: true)
    }

    deinit { free(bytes.baseAddress) }

    /// The bytes as floats.
    package var floats: UnsafeMutableBufferPointer<Float> { bytes.bindMemory(to: Float.self) }
}
