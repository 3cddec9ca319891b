extension Vocabulary {
    /// The text that the tokens stand for, as `TokenDecoder` gives it, with U+FFFD where bytes are no UTF-8.
    public func decode(_ tokens: [Int32]) -> String {
        var bytes: [UInt8] = []
        var decoder = TokenDecoder(self)
        for token in tokens { decoder.append(token, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
