import Glibc

/// An open file or folder, closed with its owner at the latest. Interrupted calls are repeated.
struct Descriptor: ~Copyable, Sendable {
    /// Negative when closed.
    private(set) var number: Int32
    private let calls: FileSystemCalls

    /// Opens what is under the path, which begins at `folder`; a file that is made gets `mode`, less the process's mask.
    init(
        opening path: String, in folder: Int32 = AT_FDCWD, _ flags: Int32, mode: mode_t = 0o666, through calls: FileSystemCalls
    ) throws(CallFailure) {
        number = try uninterrupted { () throws(CallFailure) in try calls.open(folder, path, flags | O_CLOEXEC, mode) }
        self.calls = calls
    }

    /// Opens a folder, to synchronise it.
    init(openingFolder path: String, through calls: FileSystemCalls) throws(CallFailure) {
        try self.init(opening: path, O_RDONLY | O_DIRECTORY, through: calls)
    }

    deinit {
        if number >= 0 { try? calls.close(number) }
    }

    /// What is open.
    func status() throws(CallFailure) -> FileStatus {
        try uninterrupted { () throws(CallFailure) in try calls.status(number, "", Self.itself) }
    }

    /// AT_EMPTY_PATH, which Glibc's module leaves out.
    private static let itself: Int32 = 0x1000

    /// Writes all bytes at the position, in one call if the system takes them so.
    func write(_ bytes: UnsafeRawBufferPointer) throws(CallFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try uninterrupted { () throws(CallFailure) in
                try calls.write(number, UnsafeRawBufferPointer(rebasing: rest))
            }
            // A device that takes nothing and reports no error would keep us here for ever.
            guard count > 0 else { throw CallFailure(errorNumber: EIO) }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes all bytes of an array.
    func write(_ bytes: [UInt8]) throws(CallFailure) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(CallFailure) in try write(UnsafeRawBufferPointer(bytes)) }
    }

    /// Reads up to `count` bytes from `offset` on, fewer only where the file ends. Leaves the position.
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

    /// Moves the position to the end, and returns it: the size in bytes.
    func seekToEnd() throws(CallFailure) -> Int {
        Int(try seek(0, SEEK_END))
    }

    private func seek(_ offset: off_t, _ whence: Int32) throws(CallFailure) -> off_t {
        try uninterrupted { () throws(CallFailure) in try calls.seek(number, offset, whence) }
    }

    /// Cuts the file off.
    func truncate(to byteCount: Int) throws(CallFailure) {
        try uninterrupted { () throws(CallFailure) in try calls.truncate(number, off_t(byteCount)) }
    }

    /// Brings what was written to the disk.
    ///
    /// After a failure never to be tried again: the kernel may have dropped the pages and report success.
    func synchronize() throws(CallFailure) {
        try uninterrupted { () throws(CallFailure) in try calls.synchronize(number) }
    }

    /// Brings a folder's entries to the disk. Some file systems have no such thing and say EINVAL: there is nothing more
    /// to do then.
    func synchronizeFolder() throws(CallFailure) {
        do throws(CallFailure) {
            try synchronize()
        } catch {
            guard error.errorNumber == EINVAL else { throw error }
        }
    }

    /// Closes it; a second time does nothing.
    mutating func close() throws(CallFailure) {
        guard number >= 0 else { return }
        let closing = number
        number = -1
        do throws(CallFailure) {
            try calls.close(closing)
        } catch {
            // Linux frees the descriptor also when `close` is interrupted; a second call could close another's file.
            guard error.errorNumber == EINTR else { throw error }
        }
    }
}
