/// A range of valid text that begins and ends between tokens, without a byte-order mark.
struct TextPiece {
    let bytes: UnsafeRawBufferPointer
    /// Whether the text ends with this range.
    let isLast: Bool
}

/// The division of a text into blocks of equal size, adjusted to boundaries between tokens.
///
/// Ranks share the work on a text by blocks. The tokens of a block go from the boundary at its first byte to the boundary at the first byte
/// of the next block. Each token therefore belongs to exactly one block.
struct TextBlocks: Sendable {
    let unit: TokenUnit
    let byteCount: Int
    let blockByteCount: Int

    /// The number of blocks. The last block may be shorter.
    var count: Int { (byteCount + blockByteCount - 1) / blockByteCount }

    /// The byte range of `block`, without adjustment to tokens.
    func bytes(of block: Int) -> Range<Int> {
        block * blockByteCount..<min((block + 1) * blockByteCount, byteCount)
    }

    /// The first token boundary at or after `offset`.
    ///
    /// For matches and pieces, the start of a line; for words, the start of whitespace; for characters, a position between two scalars other than CR and LF. The bytes may be invalid.
    func cut(_ text: UnsafeRawBufferPointer, at offset: Int) -> Int {
        guard offset > 0, offset < text.count else { return min(offset, text.count) }
        switch unit {
        case .byte: return offset
        case .char:
            let p = Self.scalarStart(text, offset)
            return p < text.count && text[p] == 0x0A && text[p - 1] == 0x0D ? p + 1 : p
        case .word, .integers: return Self.whitespace(text, Self.scalarStart(text, offset))
        case .regex, .sentencepiece: return Self.lineStart(text, offset)
        }
    }

    /// The block that owns the token at `offset`, or the one after it. Matches and pieces belong to the block in which their line starts.
    func owner(of offset: Int, in text: UnsafeRawBufferPointer) -> Int {
        switch unit {
        case .byte, .char, .word, .integers: return offset / blockByteCount
        case .regex, .sentencepiece:
            let before = UnsafeRawBufferPointer(rebasing: text[..<min(offset, text.count)])
            return (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) / blockByteCount
        }
    }

    private static func lineStart(_ text: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        guard text[offset - 1] != 0x0A else { return offset }
        return UnsafeRawBufferPointer(rebasing: text[offset...]).firstIndex(of: 0x0A).map { offset + $0 + 1 } ?? text.count
    }

    private static func scalarStart(_ text: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        var p = offset
        while p < text.count, text[p] & 0xC0 == 0x80 { p += 1 }
        return p
    }

    private static func whitespace(_ text: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        guard let start = text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return offset }
        var p = offset
        // The text is not validated yet, and may end inside a scalar.
        while p < text.count, text[p] >= 0x80 && text.count - p < 3 ? true : whitespaceWidth(start + p) == 0 { p += 1 }
        return p
    }
}
