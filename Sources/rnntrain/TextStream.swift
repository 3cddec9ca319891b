import Communication
import Files

/// Text on its way to the standard output, piece by piece: each at once where a person reads it, else in small blocks, and none held
/// back for long.
struct TextStream {
    /// As many bytes as a pipe takes whole.
    private static let blockByteCount = 4096
    /// Nanoseconds.
    private static let longestWait: Int64 = 100_000_000

    private let isTerminal = StandardOutput.isTerminal
    private var block: [UInt8] = []
    private var lastWrite: Int64 = 0  // long ago: the first piece is written at once
    private var endsLine = true

    /// Takes a piece, which is never parted from itself. Throws where the output cannot be written.
    mutating func append(_ piece: [UInt8]) throws(StandardOutputError) {
        if block.count + piece.count > Self.blockByteCount { try flush() }
        block += piece
        if let last = piece.last { endsLine = last == 0x0A }
        if isTerminal || MonotonicClock.nanoseconds - lastWrite > Self.longestWait { try flush() }
    }

    /// Writes what is left, and ends the last line; that of bytes only for a person, who does not count them.
    mutating func end(ofBytes isOfBytes: Bool) throws(StandardOutputError) {
        if !endsLine, isTerminal || !isOfBytes { block.append(0x0A) }
        try flush()
    }

    private mutating func flush() throws(StandardOutputError) {
        let full = block
        block.removeAll(keepingCapacity: true)
        lastWrite = MonotonicClock.nanoseconds
        try StandardOutput.endingQuietly { () throws(StandardOutputError) in try StandardOutput.write(full) }
    }
}
