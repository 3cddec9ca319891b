/// A regular file for a single pass of reading, by system calls that each may fail.
package final class ReadableFile: Sendable {
    private enum Storage: ~Copyable, Sendable {
        case file(OpenFile)
        case memory([UInt8])
    }

    /// The path that the file was opened with.
    package let path: String
    /// The size when the file was opened.
    package let byteCount: Int
    private let storage: Storage

    /// Opens the file at `path`. Throws `.missing`, `.folder`, `.notRegular` or `.unreadable`.
    package init(path: String) throws(FileError) {
        let file = try OpenFile(path: path)
        byteCount = try file.version().byteCount
        self.path = path
        storage = .file(file)
    }

    /// Bytes in memory instead of a file.
    package init(bytes: [UInt8], named path: String) {
        (self.path, byteCount) = (path, bytes.count)
        storage = .memory(bytes)
    }

    /// Fills `room` from `offset`. Throws `.notRead`, or `.shortened` if the file ends earlier.
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

    /// A copy of a byte range. Throws the errors of `read`.
    package func bytes(_ range: Range<Int>) throws(FileError) -> [UInt8] {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 1)
        defer { room.deallocate() }
        try read(into: room, at: range.lowerBound)
        return Array(room)
    }

    /// The bytes of a whole file. Throws the errors of `init` and `read`, and `.tooLarge` if there are more than `limit`.
    package static func contents(of path: String, limit: Int) throws(FileError) -> [UInt8] {
        let file = try ReadableFile(path: path)
        guard file.byteCount <= limit else { throw .tooLarge(path: path, byteCount: file.byteCount, limit: limit) }
        return try file.bytes(0..<file.byteCount)
    }
}
