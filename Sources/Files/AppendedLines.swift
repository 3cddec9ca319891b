import Glibc

/// A text file to which lines are appended. Each line is one `write` call unless the system writes only a part of it.
///
/// Only one process may append to a file at a time. Nothing is synchronised, so a power failure may lose the last lines. The file must be a
/// regular file without hard links, in the folder that was opened.
package struct AppendedLines: ~Copyable {
    private let place: FilePlace
    private var log: OpenLog
    /// Whether a write failed. Part of its line may then be in the file.
    private var isTorn = false
    /// How often another process removed or replaced the file, so that it was reopened or created again.
    package private(set) var replacementCount = 0

    /// Opens or creates the file, and removes an incomplete last line of an interrupted write.
    ///
    /// Throws the errors of `HeldFolder.requireUnchanged`, `.inTheWay`, `.hasOtherNames`, or `.failed`.
    package init(at place: FilePlace) throws(FileError) {
        self.place = place
        log = try OpenLog.opened(at: place)
    }

    /// Opens or creates the file in the folder that the path names.
    package init(path: String, through calls: FileSystemCalls = .system) throws(FileError) {
        try self.init(at: FilePlace(path: path, through: calls))
    }

    /// Appends a line; the method adds the line end. If it throws, the line is not in the file and may be appended again.
    ///
    /// Throws the errors of `init`.
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

    /// Reopens the file if its name now refers to another file.
    private mutating func requireSameFile() throws(FileError) {
        try place.folder.requireUnchanged()
        if try place.folder.status(of: place.name)?.identity == log.identity { return }
        log = try OpenLog.opened(at: place)
        isTorn = false
        replacementCount += 1
    }
}

/// An open file, and the end of its last complete line.
private struct OpenLog: ~Copyable {
    let file: Descriptor
    let identity: FileIdentity
    /// The number of bytes up to and including the last line end.
    var byteCount: Int

    private init(_ file: consuming Descriptor, _ identity: FileIdentity, _ byteCount: Int) {
        self.file = file
        (self.identity, self.byteCount) = (identity, byteCount)
    }

    /// Opens or creates the file, and truncates it to complete lines.
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
            // O_NONBLOCK: if the file was replaced by a pipe, `open` must not block.
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

    /// Truncates the file after its last complete line.
    func cut() throws(CallFailure) { try Self.cut(file, to: byteCount) }

    private static func cut(_ file: borrowing Descriptor, to byteCount: Int) throws(CallFailure) {
        try file.truncate(to: byteCount)
        try file.seek(to: byteCount)
    }

    /// The number of bytes up to and including the last line end, searched backwards from the end.
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
