/// A regular file that is read by system calls, each of which may fail: for what is read once.
package final class ReadableFile: Sendable {
    private enum Storage: ~Copyable, Sendable {
        case file(OpenFile)
        case memory([UInt8])
    }

    /// The file as it was named.
    package let path: String
    /// Its size when it was opened.
    package let byteCount: Int
    private let storage: Storage

    /// Opens the file at `path`. Throws `.missing`, `.folder`, `.notRegular` or `.unreadable`.
    package init(path: String) throws(FileError) {
        let file = try OpenFile(path: path)
        byteCount = try file.version().byteCount
        self.path = path
        storage = .file(file)
    }

    /// Bytes in the place of a file.
    package init(bytes: [UInt8], named path: String) {
        (self.path, byteCount) = (path, bytes.count)
        storage = .memory(bytes)
    }

    /// Fills `room` with the bytes from `offset` on. Throws `.notRead`, or `.shortened` where the file ends before.
    package func read(into room: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
        switch storage {
        case .file(let file): try file.read(into: room, at: offset)
        case .memory(let bytes):
            guard offset >= 0, room.count <= bytes.count - offset else {
                throw .shortened(path: path, byteCount: bytes.count, expected: offset + room.count)
            }
            bytes.withUnsafeBytes { room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + room.count])) }
        }
    }

    /// The bytes of a range, in memory of their own. Throws as `read`.
    package func bytes(_ range: Range<Int>) throws(FileError) -> [UInt8] {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 1)
        defer { room.deallocate() }
        try read(into: room, at: range.lowerBound)
        return Array(room)
    }

    /// The bytes of a whole file. Throws as `init` and `read`, and `.tooLarge` where there are more than `limit`.
    package static func contents(of path: String, limit: Int) throws(FileError) -> [UInt8] {
        let file = try ReadableFile(path: path)
        guard file.byteCount <= limit else { throw .tooLarge(path: path, byteCount: file.byteCount, limit: limit) }
        return try file.bytes(0..<file.byteCount)
    }
}
