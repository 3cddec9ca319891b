import Glibc

/// What a file system says of a file without a look inside: its number, size and times.
///
/// Two equal stamps are of the same, unchanged file, as every write sets `changed`, which no program can set back. A copy has
/// another stamp than its original. Devices are not compared: hosts number those of a shared file system in their own ways.
public struct FileStamp: Sendable, Equatable, Codable, BitwiseCopyable {
    public let inode: UInt64
    public let byteCount: Int64
    /// When the contents changed, nanoseconds since 1970.
    public let modified: Int64
    /// When contents, name or rights changed, nanoseconds since 1970.
    public let changed: Int64

    /// The stamp of the file at `path`; nil if there is none.
    public init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        inode = UInt64(status.st_ino)
        byteCount = Int64(status.st_size)
        modified = Self.nanoseconds(status.st_mtim)
        changed = Self.nanoseconds(status.st_ctim)
    }

    /// All of it in four words, to be sent to other processes.
    public var words: SIMD4<Int64> { [Int64(bitPattern: inode), byteCount, modified, changed] }

    /// Whether the last change is two seconds ago or more.
    ///
    /// File systems count time in steps of up to two seconds: a file may change again within the step, to an equal stamp.
    public var isSettled: Bool {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return max(modified, changed) <= Self.nanoseconds(now) - 2_000_000_000
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
