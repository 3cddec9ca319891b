import Glibc

/// Device and inode, which identify a file or folder among all that exist at the same time.
package struct FileIdentity: Equatable, Sendable {
    let device: UInt64
    let number: UInt64
}

/// The kind of a directory entry.
public enum EntryKind: String, Sendable {
    case file = "a regular file"
    case folder = "a folder"
    case link = "a symbolic link"
    case pipe = "a pipe"
    case socket = "a socket"
    case device = "a device"
}

/// The status of a file or folder, from `stat`.
package struct FileStatus: Equatable, Sendable {
    package let identity: FileIdentity
    package let kind: EntryKind
    /// The number of hard links; 0 after the last name was removed.
    package let linkCount: Int
    package let byteCount: Int
    /// Who may read, write and execute it: the bits 0o777 of its mode.
    let permissions: mode_t

    /// The status of an open file. `path` is used in messages only. Throws `.failed`.
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
        permissions = status.st_mode & 0o777
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
