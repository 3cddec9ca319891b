package import Glibc

/// The system calls that make a file durable; tests put failing ones in their place.
package struct FileCalls: Sendable {
    package var open: @Sendable (String, Int32) -> Int32 = { Glibc.open($0, $1, 0o644) }
    package var write: @Sendable (Int32, UnsafeRawPointer, Int) -> Int = { Glibc.write($0, $1, $2) }
    package var seek: @Sendable (Int32, off_t) -> off_t = { lseek($0, $1, SEEK_SET) }
    package var synchronize: @Sendable (Int32) -> Int32 = { fsync($0) }
    package var close: @Sendable (Int32) -> Int32 = { Glibc.close($0) }
    package var rename: @Sendable (String, String) -> Int32 = { Glibc.rename($0, $1) }

    package init() {}
}

/// A file that appears under its name whole and on the disk, or not at all.
///
/// It is written as `PATH.partial` in the same folder; `commit` does fsync, rename, and fsync of the folder. Whatever fails
/// throws `inputOutput` (74) with the errno, and the partial file is removed. Only one process may write a path at a time.
package struct DurableFile: ~Copyable {
    private let path: String
    private let calls: FileCalls
    /// Negative when closed.
    private var descriptor: Int32
    private var isCommitted = false

    private var partialPath: String { Self.partialPath(path) }

    package init(path: String, calls: FileCalls = FileCalls()) throws(TextDataError) {
        descriptor = -1
        (self.path, self.calls) = (path, calls)
        descriptor = try Self.check(path, "creating the file") {
            calls.open(Self.partialPath(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC)
        }
    }

    deinit {
        if descriptor >= 0 { _ = calls.close(descriptor) }
        if !isCommitted { unlink(partialPath) }
    }

    /// Writes all of `bytes` at the file's position, in as many calls as it takes.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(TextDataError) {
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let written = try Self.check(path, "writing") { calls.write(descriptor, start, rest.count) }
            // A device that takes nothing and reports nothing would keep us here for ever.
            guard written > 0 else { throw .inputOutput(path: path, operation: "writing", code: EIO) }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// Goes back to the file's start.
    package mutating func rewind() throws(TextDataError) {
        _ = try Self.check(path, "seeking") { calls.seek(descriptor, 0) }
    }

    /// Puts the file on the disk and under its name. When this returns, the file outlives a power failure.
    package mutating func commit() throws(TextDataError) {
        _ = try Self.check(path, "fsync") { calls.synchronize(descriptor) }
        let closing = descriptor
        descriptor = -1
        // Not tried again after EINTR: Linux has closed the descriptor even then.
        guard calls.close(closing) == 0 || errno == EINTR else {
            throw .inputOutput(path: path, operation: "closing", code: errno)
        }
        _ = try Self.check(path, "renaming") { calls.rename(partialPath, path) }
        isCommitted = true
        try synchronizeFolder()
    }

    private func synchronizeFolder() throws(TextDataError) {
        let name = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = name.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = try Self.check(folder, "opening the folder") { calls.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        defer { _ = calls.close(descriptor) }
        _ = try Self.check(folder, "fsync of the folder") { calls.synchronize(descriptor) }
    }

    private static func partialPath(_ path: String) -> String { path + ".partial" }

    /// Calls again after EINTR; throws what else makes the result negative.
    private static func check<Result: FixedWidthInteger>(
        _ path: String, _ operation: String, _ call: () -> Result
    ) throws(TextDataError) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { throw .inputOutput(path: path, operation: operation, code: errno) }
        }
    }
}
