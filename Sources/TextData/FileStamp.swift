import Failures
import Files
import Glibc

/// The identity of a file without reading its content: inode number, size and times.
///
/// Two equal stamps belong to the same, unchanged file, because each write sets `changed`, which no program can set back. A copy has a
/// different stamp than its original. The device is not compared, because the hosts of a shared file system number it differently.
public struct FileStamp: Sendable, Equatable, Codable, BitwiseCopyable {
    /// The number of the file in its file system.
    public let inode: UInt64
    public let byteCount: Int64
    /// The time of the last change of the content, in nanoseconds since 1970.
    public let modified: Int64
    /// The time of the last change of content, name or permissions, in nanoseconds since 1970.
    public let changed: Int64

    /// The stamp of the file at `path`; nil if it does not exist.
    public init?(path: String) {
        var status = stat()
        guard RawByte.withCString(path, { stat($0, &status) }) == 0 else { return nil }
        inode = UInt64(status.st_ino)
        byteCount = Int64(status.st_size)
        modified = Self.nanoseconds(status.st_mtim)
        changed = Self.nanoseconds(status.st_ctim)
    }

    /// The stamp of an open file.
    init(_ version: FileVersion) {
        inode = version.inode
        byteCount = Int64(version.byteCount)
        modified = version.modified
        changed = version.changed
    }

    /// The stamp as four words, for messages to other ranks.
    public var words: SIMD4<Int64> { [Int64(bitPattern: inode), byteCount, modified, changed] }

    /// Whether the last change is at least two seconds ago.
    ///
    /// File systems record times in steps of up to two seconds. A file that changes again within the same step keeps an equal stamp.
    public var isSettled: Bool {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return max(modified, changed) <= Self.nanoseconds(now) - 2_000_000_000
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
