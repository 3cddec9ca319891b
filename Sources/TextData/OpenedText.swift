import Digests
import Files
import Glibc
import Synchronization

/// A text that is open but not yet read.
public final class OpenedText: Sendable {
    private enum Storage: Sendable {
        case file(MappedFile)
        case memory([UInt8])
    }

    /// The size of a block in bytes. The digest of a text depends on it.
    public static let blockByteCount = 1 << 20

    /// The path of the file, or another name of the text in messages.
    public let name: String
    /// The unit of its tokens.
    public let unit: TokenUnit
    /// The path of the file; nil for a text in memory.
    public let path: String?
    /// The byte range of the text in the file; nil for the whole file, or for a text in memory.
    public let part: Range<Int>?
    /// The stamp of the file; nil for a text in memory.
    public let stamp: FileStamp?
    let blocks: TextBlocks
    private let storage: Storage
    /// Whether a byte-order mark at the start is no part of the text.
    private let dropsByteOrderMark: Bool
    /// The first NUL characters in the blocks that were examined.
    private let foundNul = Mutex<NulCharacters?>(nil)

    /// Maps the file at `path`. Throws the errors of `mappedFile` (66, 65, 74).
    public convenience init(path: String, unit: TokenUnit) throws(TextDataError) {
        try self.init(path: path, unit: unit, blockByteCount: Self.blockByteCount)
    }

    /// Maps the file at `path`. `part` is a range of whole lines; the rest of the file is not read. `name` is the name of the part in
    /// messages.
    package init(
        path: String, part: Range<Int>? = nil, name: String? = nil, unit: TokenUnit, blockByteCount: Int
    ) throws(TextDataError) {
        // The stamp is read first, so that any later change gives another stamp.
        let stamp = FileStamp(path: path)
        let file = try mappedFile(path)
        file.adviseSequential()
        (self.name, self.path, self.unit, self.stamp, storage) = (name ?? path, path, unit, stamp, .file(file))
        dropsByteOrderMark = unit != .byte
        // Reading detects that the file has become shorter.
        self.part = part?.clamped(to: 0..<file.bytes.count)
        blocks = TextBlocks(unit: unit, byteCount: self.part?.count ?? file.bytes.count, blockByteCount: blockByteCount)
    }

    /// A text in memory.
    public convenience init(name: String, bytes: [UInt8], unit: TokenUnit) {
        self.init(name: name, bytes: bytes, unit: unit, blockByteCount: Self.blockByteCount)
    }

    /// - Parameter isFile: whether the bytes are those of a file, which may begin with a byte-order mark. Elsewhere U+FEFF is a character.
    package init(name: String, bytes: [UInt8], unit: TokenUnit, blockByteCount: Int, isFile: Bool = true) {
        (self.name, path, part, self.unit, stamp, storage) = (name, nil, nil, unit, nil, .memory(bytes))
        dropsByteOrderMark = unit != .byte && isFile
        blocks = TextBlocks(unit: unit, byteCount: bytes.count, blockByteCount: blockByteCount)
    }

    /// The size of the whole text in bytes, including a byte-order mark.
    public var byteCount: Int { blocks.byteCount }
    /// The number of blocks.
    public var blockCount: Int { blocks.count }

    /// The offset of the text in the file.
    var firstByte: Int { part?.lowerBound ?? 0 }

    /// The blocks that contain the bytes `offset - 1` and `offset`. Offsets count from the start of the file.
    package func blocks(around offset: Int) -> Range<Int> {
        let block = min(max(0, offset - firstByte) / blocks.blockByteCount, blockCount - 1)
        return max(0, block - 1)..<block + 1
    }

    /// Reads the blocks, computes their digests, validates UTF-8 (unless the unit is bytes), and adds their symbols to `counts`.
    ///
    /// Returns the digest of each block, which is independent of other blocks.
    ///
    /// Throws `notPlainText` (65), and `invalidUTF8` (65) with the offset of the first invalid sequence. The offset is correct if the text
    /// before these blocks is valid.
    public func examine(blocks range: Range<Int>, counting counts: SymbolCounts? = nil) throws(TextDataError) -> [UInt64] {
        try withBytes { (text) throws(TextDataError) in
            let format = unit == .byte || firstByte > 0 ? nil : FileFormat(text)
            if let format, format.isCertain { throw .notPlainText(source: name, format: format) }
            var reader = BlockReader(text, blocks, name: name, format: format, from: range.lowerBound)
            var digests: [UInt64] = []
            digests.reserveCapacity(range.count)
            for block in range {
                let bytes = UnsafeRawBufferPointer(rebasing: text[blocks.bytes(of: block)])
                digests.append(XXH3.digest(bytes))
                if unit != .byte { lookForNul(in: bytes, of: text) }
                let valid = try reader.read(block)
                try counts?.count(textPiece(text, valid), of: SearchedText(whole: text, name: name))
            }
            return digests
        }
    }

    /// The first NUL characters in the blocks that were examined; nil if there are none, or if the unit is bytes.
    public var nulCharacters: NulCharacters? { foundNul.withLock { $0 } }

    private func lookForNul(in block: UnsafeRawBufferPointer, of text: UnsafeRawBufferPointer) {
        guard let start = block.baseAddress, let whole = text.baseAddress, let place = memchr(start, 0, block.count) else {
            return
        }
        foundNul.withLock { found in
            let offset = UnsafeRawPointer(place) - whole
            if let found, found.byteOffset <= firstByte + offset { return }
            found = NulCharacters(in: text, offset: offset, firstByte: firstByte)
        }
    }

    /// Adds the symbols of the whole text to `counts`. Requires that the text was examined.
    func count(into counts: SymbolCounts) throws(TextDataError) {
        try withBytes { (text) throws(TextDataError) in
            try counts.count(textPiece(text, 0..<text.count), of: SearchedText(whole: text, name: name))
        }
    }

    /// Passes the whole text, including a byte-order mark, to `body`.
    ///
    /// Also throws `file` if part of the file cannot be read (74) or the file was shortened (65), and `fileChanged` (65) if it was written
    /// in the meantime.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws(TextDataError) -> Result) throws(TextDataError) -> Result {
        switch storage {
        case .file(let file):
            return try file.checked(TextDataError.init) { () throws(TextDataError) in
                let result = try read(file, body)
                try requireUnchanged(file)
                return result
            }
        case .memory(let bytes):
            return try bytes.withRawBytes(body)
        }
    }

    private func requireUnchanged(_ file: MappedFile) throws(TextDataError) {
        let hasChanged: Bool
        do throws(FileError) {
            hasChanged = try file.hasChanged()
        } catch {
            throw TextDataError(error)
        }
        if hasChanged { throw .fileChanged(path: path ?? name) }
    }

    /// Passes the text's part of the file to `body`. Errors that `body` throws for an offset in the text are converted to offsets in the
    /// file.
    private func read<Result>(
        _ file: MappedFile, _ body: (UnsafeRawBufferPointer) throws(TextDataError) -> Result
    ) throws(TextDataError) -> Result {
        guard let part else { return try body(file.bytes) }
        do throws(TextDataError) {
            return try body(UnsafeRawBufferPointer(rebasing: file.bytes[part]))
        } catch {
            throw error.moved(by: part.lowerBound)
        }
    }

    /// The bytes of `text`, which is this text, that contain the tokens of `range`.
    func piece(_ range: Range<Int>, of text: UnsafeRawBufferPointer) -> TextPiece {
        let start = blocks.cut(text, at: range.lowerBound * blocks.blockByteCount)
        let end = blocks.cut(text, at: min(range.upperBound * blocks.blockByteCount, text.count))
        return textPiece(text, start..<max(start, end))
    }

    func textPiece(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> TextPiece {
        let bytes = UnsafeRawBufferPointer(rebasing: text[range])
        let skipsMark = range.lowerBound == 0 && firstByte == 0 && dropsByteOrderMark
        return TextPiece(bytes: skipsMark ? withoutByteOrderMark(bytes) : bytes, isLast: range.upperBound == text.count)
    }
}

/// A range of valid text that begins and ends between tokens, without a byte-order mark.
struct TextPiece {
    let bytes: UnsafeRawBufferPointer
    /// Whether the text ends with this range.
    let isLast: Bool
}

/// Iterates over blocks, and validates the tokens of each.
private struct BlockReader {
    private let text: UnsafeRawBufferPointer
    private let blocks: TextBlocks
    private let name: String
    private let format: FileFormat?
    private var validator: UTF8Validator
    /// The start of the tokens of the next block.
    private var cut: Int

    init(_ text: UnsafeRawBufferPointer, _ blocks: TextBlocks, name: String, format: FileFormat?, from block: Int) {
        (self.text, self.blocks, self.name, self.format) = (text, blocks, name, format)
        let start = block * blocks.blockByteCount
        validator = UTF8Validator(text, from: start)
        cut = blocks.cut(text, at: start)
    }

    /// The range of the tokens of `block`; empty inside a very long word.
    mutating func read(_ block: Int) throws(TextDataError) -> Range<Int> {
        let start = cut
        let end = blocks.bytes(of: block).upperBound
        // Inside a long word, the previous search already found its end.
        if cut < end { cut = blocks.cut(text, at: end) }
        if blocks.unit != .byte, let defect = validator.advance(to: max(end, cut)) {
            if let format { throw .notPlainText(source: name, format: format) }
            throw .invalidUTF8(source: name, byteOffset: validator.position, defect: defect)
        }
        return start..<cut
    }
}

/// The text without a byte-order mark at its start.
func withoutByteOrderMark(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF else { return bytes }
    return UnsafeRawBufferPointer(rebasing: bytes[3...])
}

extension [UInt8] {
    /// Like `withUnsafeBytes`, for a body with typed throws.
    func withRawBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws(TextDataError) -> Result
    ) throws(TextDataError) -> Result {
        try withUnsafeBufferPointer { (bytes) throws(TextDataError) in try body(UnsafeRawBufferPointer(bytes)) }
    }
}
