import Glibc

/// A whole file, mapped for reading.
///
/// Safe to share between threads because its bytes are never written.
final class MappedFile: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer

    init(path: String) throws(CheckpointError) {
        // Without O_NONBLOCK the opening of a named pipe would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.openingFailed(path, errno) }
        defer { close(descriptor) }
        let byteCount = try Self.byteCount(of: descriptor, path)
        guard byteCount > 0 else {
            // An empty file cannot be mapped; it is too short for any header, as its reader will say.
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let start = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw .unreadable(path: path, operation: "map", errorNumber: errno)
        }
        bytes = UnsafeRawBufferPointer(start: start, count: byteCount)
    }

    deinit {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }

    private static func byteCount(of descriptor: Int32, _ path: String) throws(CheckpointError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .unreadable(path: path, operation: "look at", errorNumber: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
        return status.st_size
    }

    private static func openingFailed(_ path: String, _ number: Int32) -> CheckpointError {
        number == ENOENT || number == ENOTDIR
            ? .missing(path: path) : .unreadable(path: path, operation: "open", errorNumber: number)
    }
}
