extension Vocabulary {
    /// Decodes tokens with `TokenDecoder`. Invalid UTF-8 becomes U+FFFD.
    public func decode(_ tokens: [Int32]) -> String {
        var bytes: [UInt8] = []
        var decoder = TokenDecoder(self)
        for token in tokens { decoder.append(token, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
