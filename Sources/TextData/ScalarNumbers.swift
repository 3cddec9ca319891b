import Glibc

/// A number for each Unicode scalar, found by its value; 0 for those that have none.
///
/// Memory: 4 bytes for each value of 21 bits, of which the system gives only pages that are written to.
struct ScalarNumbers: ~Copyable {
    private static let byteCount = 4 << 21
    private let numbers: UnsafeMutablePointer<UInt32>

    init() {
        // From the system and not from the heap, where it would be written full of zeros, which takes as long as a short text.
        let memory = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { preconditionFailure("no memory is left for a table of 8 MB") }
        numbers = memory.bindMemory(to: UInt32.self, capacity: Self.byteCount / 4)
    }

    deinit {
        munmap(numbers, Self.byteCount)
    }

    /// The number of a scalar, or of whatever a sequence of up to four bytes decodes to: a text may change while it is read.
    subscript(scalar: UInt32) -> UInt32 {
        @inline(__always) get { numbers[Int(scalar)] }
        @inline(__always) nonmutating set { numbers[Int(scalar)] = newValue }
    }
}
