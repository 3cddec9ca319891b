import Glibc

/// A text file that grows line by line, each written in one call if the system takes it so.
///
/// Only one process may append to a file at a time. Nothing is synchronised: a power failure may take the last lines.
package struct AppendedLines: ~Copyable {
    private let file: Descriptor
    /// The bytes up to and with the last whole line.
    private var byteCount: Int
    /// Whether a write failed, which may have left a part of its line.
    private var isTorn = false

    /// Opens or makes the file, and removes what an interrupted write left of a last line.
    package init(path: String, through calls: FileSystemCalls = .system) throws(CallFailure) {
        let file = try Descriptor(opening: path, O_RDWR | O_CREAT, through: calls)
        let end = try Self.endOfWholeLines(file)
        try file.truncate(to: end)
        try file.seek(to: end)
        self.file = file
        byteCount = end
    }

    /// Appends a line; the line end is added. After a failure the line is not there, and may be appended again.
    package mutating func append(_ line: String) throws(CallFailure) {
        if isTorn {
            try file.truncate(to: byteCount)
            try file.seek(to: byteCount)
        }
        let bytes = Array((line + "\n").utf8)
        isTorn = true
        try file.write(bytes)
        isTorn = false
        byteCount += bytes.count
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
