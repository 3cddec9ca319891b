import Glibc

/// A whole file mapped read-only into memory, unmapped with the last reference.
///
/// Only the pages that are read take memory, and the system may drop them again, so a file may be larger than memory.
/// Whoever shortens a file in place while it is mapped ends the process (SIGBUS): replace files by renaming.
package final class MappedFile: @unchecked Sendable {  // Sendable since the mapping never changes
    /// The file as it was named.
    package let path: String
    /// The file's contents, valid while this object lives; without an address if the file is empty.
    package let bytes: UnsafeRawBufferPointer

    private let isMapped: Bool

    /// Maps the file at `path`.
    ///
    /// Throws `.missing`, `.folder`, `.notRegular` or `.unreadable`.
    package init(path: String) throws(FileError) {
        let descriptor = try Self.open(path)
        defer { close(descriptor) }
        self.path = path
        bytes = try Self.mapped(descriptor, byteCount: Self.checkedSize(descriptor, path), path)
        isMapped = true
    }

    /// A copy of bytes in memory of exactly their size, in the place of a file: reading beyond them can be noticed.
    package init(copying bytes: UnsafeRawBufferPointer, named path: String) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        copy.copyMemory(from: bytes)
        self.path = path
        self.bytes = UnsafeRawBufferPointer(copy)
        isMapped = false
    }

    deinit {
        guard let start else { return }
        if isMapped { munmap(start, bytes.count) } else { start.deallocate() }
    }

    /// Tells the system that the file is going to be read from its start to its end.
    package func adviseSequential() {
        // Advice alone: when it is refused, reading is slower and still right.
        if isMapped, let start { madvise(start, bytes.count, MADV_SEQUENTIAL) }
    }

    private var start: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(mutating: bytes.baseAddress) }

    private static func open(_ path: String) throws(FileError) -> Int32 {
        while true {
            // O_NONBLOCK: a pipe without a writer is refused below and must not hang here.
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            if descriptor >= 0 { return descriptor }
            switch errno {
            case EINTR: continue
            case ENOENT, ENOTDIR: throw .missing(path: path)
            default: throw .unreadable(path: path, operation: .open, errorNumber: errno)
            }
        }
    }

    private static func checkedSize(_ descriptor: Int32, _ path: String) throws(FileError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .unreadable(path: path, operation: .examine, errorNumber: errno)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return Int(status.st_size)
        case S_IFDIR: throw .folder(path: path)
        default: throw .notRegular(path: path)
        }
    }

    private static func mapped(
        _ descriptor: Int32, byteCount: Int, _ path: String
    ) throws(FileError) -> UnsafeRawBufferPointer {
        // The system refuses to map nothing.
        guard byteCount > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        guard let start = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw .unreadable(path: path, operation: .map, errorNumber: errno)
        }
        return UnsafeRawBufferPointer(start: start, count: byteCount)
    }
}
