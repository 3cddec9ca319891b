import Digests

/// A text whose bytes were all read once: valid UTF-8 unless the unit is bytes, and with its digest known.
public final class TextSource: Sendable {
    /// The text itself.
    public let text: OpenedText
    /// Tells the text from any other, a byte-order mark included; see `digest(ofBlocks:)`.
    public let digest: UInt64

    /// The file's path, or what else the text is called in messages.
    public var name: String { text.name }
    /// What a token of it is.
    public var unit: TokenUnit { text.unit }
    /// The size of the whole text, a byte-order mark included.
    public var byteCount: Int { text.byteCount }

    /// A text that was found valid, now or when it had the same stamp, and had this digest.
    public init(_ text: OpenedText, digest: UInt64) {
        (self.text, self.digest) = (text, digest)
    }

    /// Maps and examines the file at `path`.
    ///
    /// Throws what `mappedFile` throws, and `invalidUTF8` (65) with the offset of the first bad sequence.
    public convenience init(path: String, unit: TokenUnit) throws(TextDataError) {
        try self.init(examining: OpenedText(path: path, unit: unit))
    }

    /// Examines a text that is in memory already.
    public convenience init(name: String, bytes: [UInt8], unit: TokenUnit) throws(TextDataError) {
        try self.init(examining: OpenedText(name: name, bytes: bytes, unit: unit))
    }

    /// Examines all of `text`, and adds its symbols to `counts`. Throws `invalidUTF8` (65).
    public convenience init(examining text: OpenedText, counting counts: SymbolCounts? = nil) throws(TextDataError) {
        let digests = try text.examine(blocks: 0..<text.blockCount, counting: counts)
        self.init(text, digest: Self.digest(ofBlocks: digests))
    }

    /// The digest of a text from the XXH3 of each of its blocks: of a single block that itself, of more the XXH3 of theirs, each as
    /// eight bytes, lowest first. So blocks can be digested by different processes.
    public static func digest(ofBlocks digests: [UInt64]) -> UInt64 {
        if digests.count == 1 { return digests[0] }
        var hasher = XXH3Hasher()
        for digest in digests { hasher.update(digest) }
        return hasher.digest()
    }
}
