extension Vocabulary {
    /// The text that the tokens stand for.
    ///
    /// Words are joined by blanks, and `<eos>` is a line feed; characters stand as they are; bytes, too, but where they are
    /// no UTF-8 there is U+FFFD. `<unk>` stands as `<unk>`.
    public func decode(_ tokens: [Int32]) -> String {
        var bytes: [UInt8] = []
        var isAtLineStart = true
        for token in tokens {
            if unit == .word, token == endOfLineID {
                bytes.append(0x0A)
                isAtLineStart = true
                continue
            }
            if unit == .word, !isAtLineStart { bytes.append(0x20) }
            bytes.append(contentsOf: index.table.bytes(Int(token)))
            isAtLineStart = false
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
