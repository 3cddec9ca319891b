import Failures
import Glibc

/// The number of a file in its file system, and the properties that change when it is written.
package struct FileVersion: Equatable, Sendable {
    package let inode: UInt64
    package let byteCount: Int
    /// The time of the last change of the content, in nanoseconds since 1970. Programs can set it.
    package let modified: Int64
    /// The time of the last change of content, permissions, owner or names, in nanoseconds since 1970. Programs cannot set it.
    package let changed: Int64

    init(_ status: stat) {
        inode = UInt64(status.st_ino)
        byteCount = Int(status.st_size)
        modified = Self.nanoseconds(status.st_mtim)
        changed = Self.nanoseconds(status.st_ctim)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// What has changed in a later version of the same file.
    func change(to later: FileVersion) -> FileChange {
        if self == later { return .nothing }
        return (byteCount, modified) == (later.byteCount, later.modified) ? .status : .content
    }
}

/// What has changed in a file.
package enum FileChange: Sendable {
    case nothing
    /// Neither size nor modification time have changed. Permissions, owner or names have: or the content, if a program has set the modification time
    /// back.
    case status
    case content
}

/// A regular file that is open for reading. `deinit` closes it.
struct OpenFile: ~Copyable {
    let path: String
    let number: Int32

    /// Opens the file at `path`. Throws `.missing`, `.folder`, `.notRegular` or `.unreadable`.
    init(path: String) throws(FileError) {
        let number = try Self.open(path)
        do throws(FileError) {
            try Self.requireRegular(number, path)
        } catch {
            close(number)
            throw error
        }
        (self.path, self.number) = (path, number)
    }

    deinit { Glibc.close(number) }

    /// The current version. Throws `.unreadable`.
    func version() throws(FileError) -> FileVersion { FileVersion(try status()) }

    /// Fills `room` from `offset`. Throws `.notRead`, or `.shortened` if the file ends earlier.
    func read(into room: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
        var done = 0
        while done < room.count {
            let count = pread(number, room.baseAddress! + done, room.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .notRead(path: path, byteOffset: offset + done, errorNumber: errno) }
            guard count > 0 else { throw .shortened(path: path, byteCount: offset + done, expected: offset + room.count) }
            done += count
        }
    }

    private func status() throws(FileError) -> stat { try Self.status(number, path) }

    private static func requireRegular(_ number: Int32, _ path: String) throws(FileError) {
        switch try status(number, path).st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: throw .folder(path: path)
        default: throw .notRegular(path: path)
        }
    }

    private static func status(_ number: Int32, _ path: String) throws(FileError) -> stat {
        var status = stat()
        guard fstat(number, &status) == 0 else {
            throw .unreadable(path: path, operation: .examine, errorNumber: errno)
        }
        return status
    }

    private static func open(_ path: String) throws(FileError) -> Int32 {
        while true {
            // O_NONBLOCK: opening a pipe without a writer must not block; the pipe is then rejected.
            let number = RawByte.withCString(path) { Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
            if number >= 0 { return number }
            switch errno {
            case EINTR: continue
            case ENOENT, ENOTDIR: throw .missing(path: path)
            default: throw .unreadable(path: path, operation: .open, errorNumber: errno)
            }
        }
    }
}
