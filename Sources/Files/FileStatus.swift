import Glibc

/// What tells a file or folder from every other that is there at the same time.
package struct FileIdentity: Equatable, Sendable {
    let device: UInt64
    let number: UInt64
}

/// What a name in a folder stands for.
public enum EntryKind: String, Sendable {
    case file = "a regular file"
    case folder = "a directory"
    case link = "a symbolic link"
    case pipe = "a pipe"
    case socket = "a socket"
    case device = "a device"
}

/// What the system says of a file or folder without a look inside.
package struct FileStatus: Equatable, Sendable {
    package let identity: FileIdentity
    package let kind: EntryKind
    /// The names of the file; 0 after the last was removed.
    package let linkCount: Int
    package let byteCount: Int

    /// Of an open file; the path stands in messages only. Throws `.failed`.
    package init(ofOpenFile descriptor: Int32, _ path: String) throws(FileError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .failed(path: path, operation: FileOperation.examineEntry.rawValue, errorNumber: errno)
        }
        self.init(status)
    }

    init(_ status: stat) {
        identity = FileIdentity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
        linkCount = Int(status.st_nlink)
        byteCount = Int(status.st_size)
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            default: .device
            }
    }
}
