import Digests
import Files
import Glibc
import Synchronization

/// A text of which nothing was read yet.
public final class OpenedText: Sendable {
    private enum Storage: Sendable {
        case file(MappedFile)
        case memory([UInt8])
    }

    /// The size of a block in bytes. The digests of texts depend on it.
    public static let blockByteCount = 1 << 20

    /// The file's path, or what else the text is called in messages.
    public let name: String
    /// What a token of it is.
    public let unit: TokenUnit
    /// The file's path; nil for a text in memory.
    public let path: String?
    /// The bytes of the file that are the text; nil for the whole file, or a text in memory.
    public let part: Range<Int>?
    /// What tells the file from another, and from itself after a change; nil for a text in memory.
    public let stamp: FileStamp?
    let blocks: TextBlocks
    private let storage: Storage
    /// In the blocks that were examined here.
    private let foundNul = Mutex<NulCharacters?>(nil)

    /// Maps the file at `path`. Throws what `mappedFile` throws (66, 65, 74).
    public convenience init(path: String, unit: TokenUnit) throws(TextDataError) {
        try self.init(path: path, unit: unit, blockByteCount: Self.blockByteCount)
    }

    /// Maps the file at `path`. Of a part of it, which begins and ends between lines, nothing else of the file is read; it has a name of
    /// its own.
    package init(
        path: String, part: Range<Int>? = nil, name: String? = nil, unit: TokenUnit, blockByteCount: Int
    ) throws(TextDataError) {
        // The stamp comes first: a change after it is told from it.
        let stamp = FileStamp(path: path)
        let file = try mappedFile(path)
        file.adviseSequential()
        (self.name, self.path, self.unit, self.stamp, storage) = (name ?? path, path, unit, stamp, .file(file))
        // A file that has become shorter meanwhile is noticed where it is read.
        self.part = part?.clamped(to: 0..<file.bytes.count)
        blocks = TextBlocks(unit: unit, byteCount: self.part?.count ?? file.bytes.count, blockByteCount: blockByteCount)
    }

    /// A text that is in memory already.
    public convenience init(name: String, bytes: [UInt8], unit: TokenUnit) {
        self.init(name: name, bytes: bytes, unit: unit, blockByteCount: Self.blockByteCount)
    }

    package init(name: String, bytes: [UInt8], unit: TokenUnit, blockByteCount: Int) {
        (self.name, path, part, self.unit, stamp, storage) = (name, nil, nil, unit, nil, .memory(bytes))
        blocks = TextBlocks(unit: unit, byteCount: bytes.count, blockByteCount: blockByteCount)
    }

    /// The size of the whole text, a byte-order mark included.
    public var byteCount: Int { blocks.byteCount }
    /// The number of blocks.
    public var blockCount: Int { blocks.count }

    /// The byte of the file that the text begins with.
    var firstByte: Int { part?.lowerBound ?? 0 }

    /// The blocks that have the bytes from the one before `offset` to the one at it. Offsets are those in the file.
    package func blocks(around offset: Int) -> Range<Int> {
        let block = min(max(0, offset - firstByte) / blocks.blockByteCount, blockCount - 1)
        return max(0, block - 1)..<block + 1
    }

    /// Reads the blocks: digests them, finds what is no UTF-8 (but for bytes), and adds their symbols to `counts`.
    ///
    /// Returns the digest of each block, which does not depend on what other blocks hold.
    /// Throws `notPlainText` (65), and `invalidUTF8` (65) with the offset of the first bad sequence, if all before these blocks is good.
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
                counts?.count(textPiece(text, valid))
            }
            return digests
        }
    }

    /// The first NUL characters of those in the blocks that were examined here; nil where none are, or the unit is bytes.
    public var nulCharacters: NulCharacters? { foundNul.withLock { $0 } }

    private func lookForNul(in block: UnsafeRawBufferPointer, of text: UnsafeRawBufferPointer) {
        guard let start = block.baseAddress, let whole = text.baseAddress, let place = memchr(start, 0, block.count) else {
            return
        }
        foundNul.withLock { found in
            let offset = UnsafeRawPointer(place) - whole
            if found.map({ offset < $0.byteOffset }) ?? true { found = NulCharacters(in: text, byteOffset: offset) }
        }
    }

    /// Adds the symbols of the whole text, which was examined before, to `counts`.
    func count(into counts: SymbolCounts) throws(TextDataError) {
        try withBytes { (text) throws(TextDataError) in counts.count(textPiece(text, 0..<text.count)) }
    }

    /// Gives `body` the whole text, a byte-order mark included.
    ///
    /// Throws besides `file` where a part of the file cannot be read (74) or it was shortened (65), and `fileChanged` (65) where it was
    /// written to meanwhile.
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

    /// Gives `body` the text's part of the file; what is wrong at a place of it is told with the place in the file.
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

    /// The bytes of `text`, this one, that have the tokens of the blocks `range`.
    func piece(_ range: Range<Int>, of text: UnsafeRawBufferPointer) -> TextPiece {
        let start = blocks.cut(text, at: range.lowerBound * blocks.blockByteCount)
        let end = blocks.cut(text, at: min(range.upperBound * blocks.blockByteCount, text.count))
        return textPiece(text, start..<max(start, end))
    }

    private func textPiece(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> TextPiece {
        let bytes = UnsafeRawBufferPointer(rebasing: text[range])
        let skipsMark = range.lowerBound == 0 && firstByte == 0 && unit != .byte
        return TextPiece(bytes: skipsMark ? withoutByteOrderMark(bytes) : bytes, isLast: range.upperBound == text.count)
    }
}

/// Valid text that begins and ends between tokens, without a byte-order mark.
struct TextPiece {
    let bytes: UnsafeRawBufferPointer
    /// Whether the text ends with it.
    let isLast: Bool
}

/// Walks from block to block and finds each one's tokens valid.
private struct BlockReader {
    private let text: UnsafeRawBufferPointer
    private let blocks: TextBlocks
    private let name: String
    private let format: FileFormat?
    private var validator: UTF8Validator
    /// Where the tokens of the next block begin.
    private var cut: Int

    init(_ text: UnsafeRawBufferPointer, _ blocks: TextBlocks, name: String, format: FileFormat?, from block: Int) {
        (self.text, self.blocks, self.name, self.format) = (text, blocks, name, format)
        let start = block * blocks.blockByteCount
        validator = UTF8Validator(text, from: start)
        cut = blocks.cut(text, at: start)
    }

    /// The range of the tokens of `block`, which is empty inside of a very long word.
    mutating func read(_ block: Int) throws(TextDataError) -> Range<Int> {
        let start = cut
        let end = blocks.bytes(of: block).upperBound
        // Inside of a long word the search was made before.
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
    /// As `withUnsafeBytes`, for a body that throws an error of ours.
    func withRawBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws(TextDataError) -> Result
    ) throws(TextDataError) -> Result {
        try withUnsafeBufferPointer { (bytes) throws(TextDataError) in try body(UnsafeRawBufferPointer(bytes)) }
    }
}
