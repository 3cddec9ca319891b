import Digests
import Glibc

/// A whole file mapped read-only into memory, unmapped with the last reference.
///
/// Only the pages that are read take memory, and the system may drop them again, so a file may be larger than memory.
/// Whoever shortens a file in place while it is mapped ends the process (SIGBUS): replace files by renaming.
public final class MappedFile: @unchecked Sendable {  // Sendable since the mapping never changes
    /// The file as it was named.
    public let path: String
    /// The file's contents, valid while this object lives. Never empty.
    public let bytes: UnsafeRawBufferPointer

    /// Maps the file at `path`.
    ///
    /// Throws `missingFile`, `unreadableFile`, `directory` or `notRegularFile` (66), `emptyFile` (65), `inputOutput` (74).
    public init(path: String) throws(TextDataError) {
        let descriptor = try Self.open(path)
        defer { close(descriptor) }
        let size = try Self.checkedSize(descriptor, path)
        guard let start = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
            throw .inputOutput(path: path, operation: "mapping the file", code: errno)
        }
        self.path = path
        bytes = UnsafeRawBufferPointer(start: start, count: size)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }

    /// Tells the system that the file is going to be read from its start to its end.
    public func adviseSequential() {
        // Advice alone: when it is refused, reading is slower and still right.
        madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, MADV_SEQUENTIAL)
    }

    /// The XXH3 digest of the whole contents.
    public func digest() -> UInt64 {
        XXH3.digest(bytes)
    }

    private static func open(_ path: String) throws(TextDataError) -> Int32 {
        while true {
            // O_NONBLOCK: a pipe without a writer is refused below and must not hang here.
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            if descriptor >= 0 { return descriptor }
            switch errno {
            case EINTR: continue
            case ENOENT, ENOTDIR: throw .missingFile(path: path)
            default: throw .unreadableFile(path: path, code: errno)
            }
        }
    }

    private static func checkedSize(_ descriptor: Int32, _ path: String) throws(TextDataError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .inputOutput(path: path, operation: "reading the file's size", code: errno)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw .directory(path: path)
        default: throw .notRegularFile(path: path)
        }
        guard status.st_size > 0 else { throw .emptyFile(path: path) }
        return Int(status.st_size)
    }
}
