extension Vocabulary {
    /// The token before a text without context: the line end, or the first symbol of a vocabulary of characters that has none.
    package var startToken: Int32 { lineEndID ?? 0 }

    /// Decodes tokens with `TokenDecoder`. Invalid UTF-8 becomes U+FFFD.
    public func decode(_ tokens: [Int32]) -> String {
        var bytes: [UInt8] = []
        var decoder = TokenDecoder(self)
        for token in tokens { decoder.append(token, to: &bytes) }
        decoder.end(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
