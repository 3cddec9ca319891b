import Glibc

/// A file to which records are appended. Each record is one `write` call unless the system writes only a part of it.
///
/// Only one process may append to a file at a time. A power failure may lose the records since the last `synchronize`. The file must be a
/// regular file without hard links, in the folder that was opened.
package struct AppendedRecords: ~Copyable {
    private let place: FilePlace
    private let framing: RecordFraming
    private var log: OpenLog
    /// Whether a write failed. Part of its record may then be in the file.
    private var isTorn = false
    /// How often another process removed, replaced or changed the file, so that it was reopened or created again.
    package private(set) var replacementCount = 0

    /// Opens or creates the file, and removes an incomplete last record of an interrupted write. A file with a damaged record is renamed, and a
    /// new file is begun.
    ///
    /// Throws the errors of `HeldFolder.requireUnchanged`, `.inTheWay`, `.hasOtherNames`, or `.failed`.
    package init(at place: FilePlace, framing: RecordFraming) throws(FileError) {
        (self.place, self.framing) = (place, framing)
        log = try OpenLog.opened(at: place, framing)
    }

    /// Whether the file has no record.
    package var isEmpty: Bool { log.byteCount == 0 }

    /// The new path of the file that had a damaged record when it was last opened, so that a new file has taken its place; nil if it had none.
    package var damagedPath: String? { log.damagedPath }

    /// Appends a complete record. If it throws, the record is not in the file and may be appended again.
    ///
    /// Throws the errors of `init`.
    package mutating func append(_ record: [UInt8]) throws(FileError) { try append { _, _ in record } }

    /// Appends the record that `make` makes from the last line of the file, with its line end, and from whether the file is empty. The line is
    /// empty in an empty file, and with another framing than lines.
    ///
    /// Throws the errors of `init`.
    package mutating func append(_ make: (_ last: [UInt8], _ isFirst: Bool) -> [UInt8]) throws(FileError) {
        try requireSameFile()
        let record = make(log.lastLine, isEmpty)
        do throws(CallFailure) {
            try write(record)
        } catch {
            throw place.failed("write", error)
        }
        if case .lines = framing { log.lastLine = record }
    }

    /// Makes the records durable. A file system that does not offer this is no error.
    ///
    /// Throws `.failed`.
    package func synchronize() throws(FileError) {
        do throws(CallFailure) {
            try log.file.synchronize()
        } catch {
            if [EINVAL, EROFS, ENOTSUP].contains(error.errorNumber) { return }
            throw place.failed("synchronise", error)
        }
    }

    private mutating func write(_ bytes: [UInt8]) throws(CallFailure) {
        if isTorn { try log.cut() }
        isTorn = true
        try log.file.write(bytes)
        isTorn = false
        log.byteCount += bytes.count
    }

    /// Reopens the file if its name now refers to another file, or if its size shows that another process has emptied or changed it.
    private mutating func requireSameFile() throws(FileError) {
        try place.folder.requireUnchanged()
        let status = try place.folder.status(of: place.name)
        if let status, status.identity == log.identity, fits(status.byteCount) { return }
        log = try OpenLog.opened(at: place, framing)
        isTorn = false
        replacementCount += 1
    }

    /// Whether the file can have this size: that of the records, or more if a part of a failed write follows them.
    private func fits(_ byteCount: Int) -> Bool { byteCount == log.byteCount || (isTorn && byteCount > log.byteCount) }
}

/// The complete records at the start of a file.
private struct WholeRecords {
    let byteCount: Int
    /// The last complete line, with its line end; empty with another framing.
    let lastLine: [UInt8]
    /// Whether a damaged record follows them.
    let isDamaged: Bool

    init(byteCount: Int, lastLine: [UInt8]) { (self.byteCount, self.lastLine, isDamaged) = (byteCount, lastLine, false) }

    init(_ extent: RecordExtent) { (byteCount, lastLine, isDamaged) = (extent.byteCount, [], extent.rest == .damage) }
}

/// An open file, and the end of its last complete record.
private struct OpenLog: ~Copyable {
    let file: Descriptor
    let identity: FileIdentity
    /// The number of bytes of complete records.
    var byteCount: Int
    /// The last complete line, with its line end; empty with another framing.
    var lastLine: [UInt8]
    /// The new path of the damaged file that was here.
    let damagedPath: String?

    private init(_ file: consuming Descriptor, _ identity: FileIdentity, _ whole: WholeRecords, damagedPath: String?) {
        self.file = file
        self.identity = identity
        (byteCount, lastLine) = (whole.byteCount, whole.lastLine)
        self.damagedPath = damagedPath
    }

    /// Opens or creates the file, and truncates it to complete records. Renames a file with a damaged record, and creates a new one.
    static func opened(
        at place: FilePlace, _ framing: RecordFraming, damagedPath: String? = nil
    ) throws(FileError) -> OpenLog {
        try place.folder.requireUnchanged()
        try place.folder.require(.file, orNothingAt: place.name)
        let file = try open(place)
        let identity = try checkedStatus(file, place).identity
        let whole = try wholeRecords(file, place, framing)
        if case .framed(let damagedName, _) = framing, whole.isDamaged {
            return try opened(at: place, framing, damagedPath: place.folder.setAside(place.name, as: damagedName))
        }
        return OpenLog(file, identity, whole, damagedPath: damagedPath)
    }

    private static func open(_ place: FilePlace) throws(FileError) -> Descriptor {
        do throws(CallFailure) {
            // O_APPEND: another process may empty the file between a look at its size and a write.
            // O_NONBLOCK: if the file was replaced by a pipe, `open` must not block.
            return try Descriptor(
                opening: place.name, in: place.folder.number, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK,
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

    /// The complete records of a file, which is truncated to them unless it is damaged.
    private static func wholeRecords(
        _ file: borrowing Descriptor, _ place: FilePlace, _ framing: RecordFraming
    ) throws(FileError) -> WholeRecords {
        do throws(CallFailure) {
            let whole =
                switch framing {
                case .lines: try wholeLines(file)
                case .framed(_, let extent): WholeRecords(extent(try file.read(try file.seekToEnd(), at: 0)))
                }
            if !whole.isDamaged { try file.truncate(to: whole.byteCount) }
            return whole
        } catch {
            throw place.failed("write", error)
        }
    }

    private static func wholeLines(_ file: borrowing Descriptor) throws(CallFailure) -> WholeRecords {
        let end = try endOfLine(file, before: try file.seekToEnd())
        let start = try endOfLine(file, before: max(0, end - 1))
        return WholeRecords(byteCount: end, lastLine: try file.read(end - start, at: start))
    }

    /// Truncates the file after its last complete record.
    func cut() throws(CallFailure) { try file.truncate(to: byteCount) }

    /// The number of bytes up to and including the last line end in the first `count` bytes; 0 if there is none.
    private static func endOfLine(_ file: borrowing Descriptor, before count: Int) throws(CallFailure) -> Int {
        var end = count
        while end > 0 {
            let start = max(0, end - 4096)
            let piece = try file.read(end - start, at: start)
            if let newline = piece.lastIndex(of: UInt8(ascii: "\n")) { return start + newline + 1 }
            end = start
        }
        return 0
    }
}
