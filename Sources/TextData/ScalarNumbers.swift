import Glibc

/// A map from Unicode scalars to numbers, indexed by the scalar's value; 0 for a scalar without a number.
///
/// Memory: 4 bytes for each 21-bit value, of which the system provides only the pages that are written.
struct ScalarNumbers: ~Copyable {
    private static let byteCount = 4 << 21
    private let numbers: UnsafeMutablePointer<UInt32>

    init() {
        // Mapped instead of allocated on the heap: filling heap memory with zeros would take as long as a short text.
        let memory = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { preconditionFailure("no memory is left for a table of 8 MB") }
        numbers = memory.bindMemory(to: UInt32.self, capacity: Self.byteCount / 4)
    }

    deinit {
        munmap(numbers, Self.byteCount)
    }

    /// The number of a scalar. The index may be any value that up to four bytes decode to, because a text may change during reading.
    subscript(scalar: UInt32) -> UInt32 {
        @inline(__always) get { numbers[Int(scalar)] }
        @inline(__always) nonmutating set { numbers[Int(scalar)] = newValue }
    }
}
