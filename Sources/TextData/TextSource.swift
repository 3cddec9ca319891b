import Digests

/// A text that was read once: it is valid UTF-8 unless the unit is bytes, and its digest is known.
public final class TextSource: Sendable {
    /// The text.
    public let text: OpenedText
    /// The digest of the text, including a byte-order mark; see `digest(ofBlocks:)`.
    public let digest: UInt64
    /// Whether line feeds only separate texts: one that is not in the vocabulary is neither an error nor a skipped character.
    let separatesTexts: Bool

    /// The path of the file, or another name of the text in messages.
    public var name: String { text.name }
    /// The unit of its tokens.
    public var unit: TokenUnit { text.unit }
    /// The size of the whole text in bytes, including a byte-order mark.
    public var byteCount: Int { text.byteCount }

    /// A text that was validated, now or earlier with the same stamp, and has this digest.
    public init(_ text: OpenedText, digest: UInt64, separatesTexts: Bool = false) {
        (self.text, self.digest, self.separatesTexts) = (text, digest, separatesTexts)
    }

    /// Maps and examines the file at `path`.
    ///
    /// Throws the errors of `mappedFile`, and `invalidUTF8` (65) with the offset of the first invalid sequence.
    public convenience init(path: String, unit: TokenUnit) throws(TextDataError) {
        try self.init(examining: OpenedText(path: path, unit: unit))
    }

    /// Examines a text in memory.
    public convenience init(name: String, bytes: [UInt8], unit: TokenUnit) throws(TextDataError) {
        try self.init(examining: OpenedText(name: name, bytes: bytes, unit: unit))
    }

    /// Examines texts in memory, each followed by a line feed that only separates it from the next. U+FEFF is a character in the first one as in the
    /// others.
    public convenience init(name: String, separatedTexts bytes: [UInt8], unit: TokenUnit) throws(TextDataError) {
        let text = OpenedText(name: name, bytes: bytes, unit: unit, blockByteCount: OpenedText.blockByteCount, isFile: false)
        let digests = try text.examine(blocks: 0..<text.blockCount, counting: nil)
        self.init(text, digest: Self.digest(ofBlocks: digests), separatesTexts: true)
    }

    /// Examines the whole of `text`, and adds its symbols to `counts`. Throws `invalidUTF8` (65).
    public convenience init(examining text: OpenedText, counting counts: SymbolCounts? = nil) throws(TextDataError) {
        let digests = try text.examine(blocks: 0..<text.blockCount, counting: counts)
        self.init(text, digest: Self.digest(ofBlocks: digests))
    }

    /// The digest of a text from the XXH3 digests of its blocks: that of the block if there is one; otherwise the XXH3 of all block
    /// digests, as eight bytes each, least significant byte first. Different processes can therefore digest different blocks.
    public static func digest(ofBlocks digests: [UInt64]) -> UInt64 {
        if digests.count == 1 { return digests[0] }
        var hasher = XXH3Hasher()
        for digest in digests { hasher.update(digest) }
        return hasher.digest()
    }
}
