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
    /// The digests of all blocks; nil until the whole text was examined.
    private let knownDigests = Mutex<[UInt64]?>(nil)
    /// What this process has read, until the digests of all blocks are known.
    private let examined = Mutex(ExaminedRanges())

    /// Maps the file at `path`. Throws the errors of `mappedFile` (66, 65, 74).
    public convenience init(path: String, unit: TokenUnit) throws(TextDataError) {
        try self.init(path: path, unit: unit, blockByteCount: Self.blockByteCount)
    }

    /// Maps the file at `path`. `part` is a range of whole lines; the rest of the file is not read. `name` is the name of the part in
    /// messages. Throws `shortened` (65) if the file ends before the part does.
    package init(
        path: String, part: Range<Int>? = nil, name: String? = nil, unit: TokenUnit, blockByteCount: Int
    ) throws(TextDataError) {
        let file = try mappedFile(path)
        if let part, part.upperBound > file.bytes.count {
            throw .file(.shortened(path: path, byteCount: file.bytes.count, expected: part.upperBound))
        }
        file.adviseSequential()
        // The stamp is that of the file that was opened. The path may name another one by now.
        (self.name, self.path, self.unit, storage) = (name ?? path, path, unit, .file(file))
        (self.part, stamp) = (part, file.version.map { FileStamp($0) })
        dropsByteOrderMark = unit != .byte
        blocks = TextBlocks(unit: unit, byteCount: part?.count ?? file.bytes.count, blockByteCount: blockByteCount)
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

    /// The blocks that contain the bytes `offset - 1` and `offset`, from the block on that owns the token at `offset`. Offsets count from the start
    /// of the file. Throws the errors of reading.
    package func blocks(around offset: Int) throws(TextDataError) -> Range<Int> {
        let place = max(0, offset - firstByte)
        let last = min(place / blocks.blockByteCount, blockCount - 1)
        let owner = try withBytes { (text) throws(TextDataError) in blocks.owner(of: place, in: text) }
        return max(0, min(last - 1, owner))..<last + 1
    }

    /// Reads the blocks, computes their digests, validates UTF-8 (unless the unit is bytes), and adds their symbols to `counts`.
    ///
    /// Returns the digest of each block, which is independent of other blocks.
    ///
    /// Throws `notPlainText` (65), and `invalidUTF8` (65) with the offset of the first invalid sequence. The offset is correct if the text
    /// before these blocks is valid.
    public func examine(blocks range: Range<Int>, counting counts: SymbolCounts? = nil) throws(TextDataError) -> [UInt64] {
        let digests = try withBytes { (text) throws(TextDataError) -> [UInt64] in
            let format = unit == .byte || firstByte > 0 ? nil : FileFormat(text)
            if let format, format.isCertain { throw .notPlainText(source: name, format: format) }
            var reader = BlockReader(text, blocks, name: name, format: format, from: range.lowerBound)
            var digests: [UInt64] = []
            digests.reserveCapacity(range.count)
            for block in range {
                let bytes = UnsafeRawBufferPointer(rebasing: text[blocks.bytes(of: block)])
                digests.append(digest(of: block, in: text))
                if unit != .byte { lookForNul(in: bytes, of: text) }
                let valid = try reader.read(block)
                // The last token of a block may reach into the next one.
                let own = blocks.bytes(of: block)
                note(own.lowerBound..<max(own.upperBound, valid.upperBound), in: text)
                try counts?.count(textPiece(text, valid), of: SearchedText(whole: text, name: name))
            }
            return digests
        }
        if range == 0..<blockCount { keep(digests: digests) }
        return digests
    }

    /// Records the digests of all blocks, which several processes may have computed. If only the status of the file changes later, such as its
    /// permissions or its names, reading compares the content with the digests.
    package func keep(digests: [UInt64]) {
        precondition(digests.count == blockCount, "\(digests.count) digests of \(blockCount) blocks")
        knownDigests.withLock { $0 = digests }
        examined.withLock { $0.digests = [] }
    }

    /// Records the digest of a range that is about to be counted, unless those of all blocks are known.
    private func note(_ range: Range<Int>, in text: UnsafeRawBufferPointer) {
        if case .memory = storage { return }
        if knownDigests.withLock({ $0 != nil }) { return }
        let digest = XXH3.digest(UnsafeRawBufferPointer(rebasing: text[range]))
        examined.withLock { $0.digests.append((range, digest)) }
    }

    private func digest(of block: Int, in text: UnsafeRawBufferPointer) -> UInt64 {
        XXH3.digest(UnsafeRawBufferPointer(rebasing: text[blocks.bytes(of: block)]))
    }

    /// The first NUL characters in the blocks that were examined; nil if there are none, or if the unit is bytes.
    public var nulCharacters: NulCharacters? { foundNul.withLock { $0 } }

    /// The first NUL characters in the first 64 KiB; nil if there are none, or if the unit is bytes.
    package func nulCharactersAtStart() throws(TextDataError) -> NulCharacters? {
        if unit == .byte { return nil }
        try withBytes { (text) throws(TextDataError) in
            lookForNul(in: UnsafeRawBufferPointer(rebasing: text.prefix(1 << 16)), of: text)
        }
        return nulCharacters
    }

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
    /// in the meantime. If only the status of the file has changed, what was examined is read again and compared with its digests; that is an
    /// error if nothing was examined before. A change of the status before the first reading means nothing.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws(TextDataError) -> Result) throws(TextDataError) -> Result {
        switch storage {
        case .file(let file):
            // Digests of a text that `body` examines do not count: they may be those of the changed text.
            let digests = knownDigests.withLock { $0 }
            try requireUnwritten(file)
            return try file.checked(TextDataError.init) { () throws(TextDataError) in
                let result = try read(file, body)
                try requireUnchanged(file, digests)
                return result
            }
        case .memory(let bytes):
            return try bytes.withRawBytes(body)
        }
    }

    /// Records that the text's digest was taken from its stamp instead of a reading: later readings must find this text.
    package func relyOnStamp(_ digest: UInt64) { examined.withLock { ($0.isBegun, $0.stamp) = (true, digest) } }

    /// Before the first reading, takes the present version of the file as the one to read. Throws if the file was written since it was opened.
    private func requireUnwritten(_ file: MappedFile) throws(TextDataError) {
        let isFirst = examined.withLock { examined in
            defer { examined.isBegun = true }
            return !examined.isBegun
        }
        guard isFirst else { return }
        switch try change(of: file) {
        case .nothing, .status: return
        case .content: throw .fileChanged(path: path ?? name)
        }
    }

    private func requireUnchanged(_ file: MappedFile, _ digests: [UInt64]?) throws(TextDataError) {
        let found = try change(of: file)
        if found == .nothing { return }
        let text = part.map { UnsafeRawBufferPointer(rebasing: file.bytes[$0]) } ?? file.bytes
        if found == .status, isAsExamined(text, digests) { return }
        throw .fileChanged(path: path ?? name)
    }

    private func change(of file: MappedFile) throws(TextDataError) -> FileChange {
        do throws(FileError) {
            return try file.change()
        } catch {
            throw TextDataError(error)
        }
    }

    /// Whether the text still has the given digests of all blocks, or those of the ranges that this process has examined.
    private func isAsExamined(_ text: UnsafeRawBufferPointer, _ digests: [UInt64]?) -> Bool {
        if let digests { return digests.indices.allSatisfy { digest(of: $0, in: text) == digests[$0] } }
        let (ranges, stamp) = examined.withLock { ($0.digests, $0.stamp) }
        if let stamp { return TextSource.digest(ofBlocks: (0..<blockCount).map { digest(of: $0, in: text) }) == stamp }
        return !ranges.isEmpty && ranges.allSatisfy { XXH3.digest(UnsafeRawBufferPointer(rebasing: text[$0.range])) == $0.digest }
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
