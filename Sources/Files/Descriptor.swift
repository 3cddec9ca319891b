import Glibc

/// The descriptor of an open file or folder. `deinit` closes it at the latest. Calls that a signal interrupted are repeated.
struct Descriptor: ~Copyable, Sendable {
    /// Negative after `close`.
    private(set) var number: Int32
    private let calls: FileSystemCalls

    /// Opens a path relative to `folder`. A new file gets `mode`, reduced by the umask of the process.
    init(
        opening path: String, in folder: Int32 = AT_FDCWD, _ flags: Int32, mode: mode_t = 0o666, through calls: FileSystemCalls
    ) throws(CallFailure) {
        number = try uninterrupted { () throws(CallFailure) in try calls.open(folder, path, flags | O_CLOEXEC, mode) }
        self.calls = calls
    }

    /// Opens a folder for synchronisation.
    init(openingFolder path: String, through calls: FileSystemCalls) throws(CallFailure) {
        try self.init(opening: path, O_RDONLY | O_DIRECTORY, through: calls)
    }

    deinit {
        if number >= 0 { try? calls.close(number) }
    }

    /// The descriptor.
    func status() throws(CallFailure) -> FileStatus {
        try uninterrupted { () throws(CallFailure) in try calls.status(number, "", Self.itself) }
    }

    /// AT_EMPTY_PATH, which Glibc's module does not export.
    private static let itself: Int32 = 0x1000

    /// Writes all bytes at the current position. Takes one call unless the system writes only a part.
    func write(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try uninterrupted { () throws(CallFailure) in
                try calls.write(number, UnsafeRawBufferPointer(rebasing: rest))
            }
            // A device that accepts zero bytes without an error would cause an endless loop.
            guard count > 0 else { throw CallFailure(errorNumber: EIO) }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes all bytes of an array.
    func write(_ bytes: [UInt8]) throws(CallFailure) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(CallFailure) in try write(UnsafeRawBufferPointer(bytes)) }
    }

    /// Reads up to `count` bytes from `offset`; fewer only at the end of the file. Does not change the position.
    func read(_ count: Int, at offset: Int) throws(CallFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let piece = try readOnce(count - bytes.count, at: offset + bytes.count)
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }

    private func readOnce(_ count: Int, at offset: Int) throws(CallFailure) -> [UInt8] {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { room.deallocate() }
        let found = try uninterrupted { () throws(CallFailure) in try calls.read(number, room, off_t(offset)) }
        return Array(room[..<found])
    }

    /// Moves the position to `offset`.
    func seek(to offset: Int) throws(CallFailure) {
        _ = try seek(off_t(offset), SEEK_SET)
    }

    /// Moves the position to the end of the file, and returns it: the size in bytes.
    func seekToEnd() throws(CallFailure) -> Int {
        Int(try seek(0, SEEK_END))
    }

    private func seek(_ offset: off_t, _ whence: Int32) throws(CallFailure) -> off_t {
        try uninterrupted { () throws(CallFailure) in try calls.seek(number, offset, whence) }
    }

    /// Truncates the file.
    func truncate(to byteCount: Int) throws(CallFailure) {
        try uninterrupted { () throws(CallFailure) in try calls.truncate(number, off_t(byteCount)) }
    }

    /// `fsync`.
    ///
    /// After a failure the caller must not retry: the kernel may have dropped the pages and report success.
    func synchronize() throws(CallFailure) {
        try uninterrupted { () throws(CallFailure) in try calls.synchronize(number) }
    }

    /// `fsync` of a folder, which makes its entries durable. EINVAL counts as success: some file systems do not support it and do not need
    /// it.
    func synchronizeFolder() throws(CallFailure) {
        do throws(CallFailure) {
            try synchronize()
        } catch {
            guard error.errorNumber == EINVAL else { throw error }
        }
    }

    /// Closes the descriptor. A second call does nothing.
    mutating func close() throws(CallFailure) {
        guard number >= 0 else { return }
        let closing = number
        number = -1
        do throws(CallFailure) {
            try calls.close(closing)
        } catch {
            // Linux frees the descriptor even if a signal interrupts `close`. A second call could close a descriptor of another thread.
            guard error.errorNumber == EINTR else { throw error }
        }
    }
}
