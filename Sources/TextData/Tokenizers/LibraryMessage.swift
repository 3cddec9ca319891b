/// Room for the message of a function of a C library.
struct LibraryMessage {
    private var bytes = [CChar](repeating: 0, count: 1000)

    mutating func filled<Result>(_ call: (UnsafeMutablePointer<CChar>?, Int) -> Result) -> Result {
        bytes.withUnsafeMutableBufferPointer { call($0.baseAddress, $0.count) }
    }

    /// The message without a full stop at its end, because it becomes a part of a sentence.
    var text: String {
        var text = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        while let last = text.last, last == "." || last.isWhitespace { text.removeLast() }
        return text
    }
}
