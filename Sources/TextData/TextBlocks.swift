/// How a text is cut into blocks of equal size, and where a token may begin that starts no earlier than a block.
///
/// Blocks are what ranks share out among themselves: the text of a block goes from the cut at its first byte to the cut
/// at the next block's, so that every token is in one block alone, and all blocks together have the tokens of the text.
struct TextBlocks: Sendable {
    let unit: TokenUnit
    let byteCount: Int
    let blockByteCount: Int

    /// How many blocks there are, the last of which may be shorter.
    var count: Int { (byteCount + blockByteCount - 1) / blockByteCount }

    /// The bytes of `block`, wherever tokens begin and end.
    func bytes(of block: Int) -> Range<Int> {
        block * blockByteCount..<min((block + 1) * blockByteCount, byteCount)
    }

    /// The first offset from `offset` on at which a token may be cut from the one before it.
    ///
    /// For words where whitespace begins; for characters between two scalars, and not between CR and LF. Any bytes may be given.
    func cut(_ text: UnsafeRawBufferPointer, at offset: Int) -> Int {
        guard offset > 0, offset < text.count else { return min(offset, text.count) }
        switch unit {
        case .byte: return offset
        case .char:
            let p = Self.scalarStart(text, offset)
            return p < text.count && text[p] == 0x0A && text[p - 1] == 0x0D ? p + 1 : p
        case .word: return Self.whitespace(text, Self.scalarStart(text, offset))
        }
    }

    private static func scalarStart(_ text: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        var p = offset
        while p < text.count, text[p] & 0xC0 == 0x80 { p += 1 }
        return p
    }

    private static func whitespace(_ text: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        guard let start = text.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return offset }
        var p = offset
        // The text is not examined yet, and may break off inside of a scalar.
        while p < text.count, text[p] >= 0x80 && text.count - p < 3 ? true : whitespaceWidth(start + p) == 0 { p += 1 }
        return p
    }
}
