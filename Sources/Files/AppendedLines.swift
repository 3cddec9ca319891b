import Glibc

/// A text file that grows line by line, each written in one call if the system takes it so.
///
/// Only one process may append to a file at a time. Nothing is synchronised: a power failure may take the last lines.
/// Lines are written only to a regular file of one name, in the folder that was opened.
package struct AppendedLines: ~Copyable {
    private let place: FilePlace
    private var log: OpenLog
    /// Whether a write failed, which may have left a part of its line.
    private var isTorn = false
    /// How often the file was removed or replaced by another, and was opened or made anew.
    package private(set) var replacementCount = 0

    /// Opens or makes the file, and removes what an interrupted write left of a last line.
    ///
    /// Throws as `HeldFolder.requireUnchanged`, `.inTheWay`, `.hasOtherNames`, or `.failed`.
    package init(at place: FilePlace) throws(FileError) {
        self.place = place
        log = try OpenLog.opened(at: place)
    }

    /// The same in the folder that the path names.
    package init(path: String, through calls: FileSystemCalls = .system) throws(FileError) {
        try self.init(at: FilePlace(path: path, through: calls))
    }

    /// Appends a line; the line end is added. After a failure the line is not there, and may be appended again.
    ///
    /// Throws as `init`.
    package mutating func append(_ line: String) throws(FileError) {
        try requireSameFile()
        do throws(CallFailure) {
            try write(Array((line + "\n").utf8))
        } catch {
            throw place.failed("write", error)
        }
    }

    private mutating func write(_ bytes: [UInt8]) throws(CallFailure) {
        if isTorn { try log.cut() }
        isTorn = true
        try log.file.write(bytes)
        isTorn = false
        log.byteCount += bytes.count
    }

    /// Opens the file anew if it is no longer the one under its name.
    private mutating func requireSameFile() throws(FileError) {
        try place.folder.requireUnchanged()
        if try place.folder.status(of: place.name)?.identity == log.identity { return }
        log = try OpenLog.opened(at: place)
        isTorn = false
        replacementCount += 1
    }
}

/// An open file and where its whole lines end.
private struct OpenLog: ~Copyable {
    let file: Descriptor
    let identity: FileIdentity
    /// The bytes up to and with the last whole line.
    var byteCount: Int

    private init(_ file: consuming Descriptor, _ identity: FileIdentity, _ byteCount: Int) {
        self.file = file
        (self.identity, self.byteCount) = (identity, byteCount)
    }

    /// Opens or makes the file, and cuts it to its whole lines.
    static func opened(at place: FilePlace) throws(FileError) -> OpenLog {
        try place.folder.requireUnchanged()
        try place.folder.require(.file, orNothingAt: place.name)
        let file = try open(place)
        let identity = try checkedStatus(file, place).identity
        let byteCount = try cutToWholeLines(file, place)
        return OpenLog(file, identity, byteCount)
    }

    private static func open(_ place: FilePlace) throws(FileError) -> Descriptor {
        do throws(CallFailure) {
            // O_NONBLOCK: whatever comes under the name after all must not hang here.
            return try Descriptor(
                opening: place.name, in: place.folder.number, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
                through: place.folder.calls)
        } catch {
            throw place.failed("write", error)
        }
    }

    private static func checkedStatus(_ file: borrowing Descriptor, _ place: FilePlace) throws(FileError) -> FileStatus {
        let status: FileStatus
        do throws(CallFailure) {
            status = try file.status()
        } catch {
            throw place.failed("write", error)
        }
        guard status.kind == .file else { throw .inTheWay(path: place.path, found: status.kind, expected: .file) }
        guard status.linkCount <= 1 else { throw .hasOtherNames(path: place.path, count: status.linkCount) }
        return status
    }

    private static func cutToWholeLines(_ file: borrowing Descriptor, _ place: FilePlace) throws(FileError) -> Int {
        do throws(CallFailure) {
            let end = try endOfWholeLines(file)
            try cut(file, to: end)
            return end
        } catch {
            throw place.failed("write", error)
        }
    }

    /// Removes what is behind the whole lines.
    func cut() throws(CallFailure) { try Self.cut(file, to: byteCount) }

    private static func cut(_ file: borrowing Descriptor, to byteCount: Int) throws(CallFailure) {
        try file.truncate(to: byteCount)
        try file.seek(to: byteCount)
    }

    /// The number of bytes up to and with the last line end, looked for from behind.
    private static func endOfWholeLines(_ file: borrowing Descriptor) throws(CallFailure) -> Int {
        var end = try file.seekToEnd()
        while end > 0 {
            let start = max(0, end - 4096)
            let piece = try file.read(end - start, at: start)
            if let newline = piece.lastIndex(of: UInt8(ascii: "\n")) { return start + newline + 1 }
            end = start
        }
        return 0
    }
}
