import Glibc

/// A number for each Unicode scalar, found by its value; 0 for those that have none.
///
/// Memory: 4 bytes for each of the 1,114,112 values, of which the system gives only pages that are written to.
struct ScalarNumbers: ~Copyable {
    private let numbers: UnsafeMutablePointer<UInt32>

    init() {
        guard let memory = calloc(0x11_0000, 4) else { preconditionFailure("no memory is left for a table of 4 MB") }
        numbers = memory.bindMemory(to: UInt32.self, capacity: 0x11_0000)
    }

    deinit {
        free(numbers)
    }

    /// The number of a scalar, which decoded UTF-8 has kept within the table.
    subscript(scalar: UInt32) -> UInt32 {
        @inline(__always) get { numbers[Int(scalar)] }
        @inline(__always) nonmutating set { numbers[Int(scalar)] = newValue }
    }
}
