/// A symbol that is not a word of the text.
struct SpecialSymbol: Sendable {
    /// The end of a line, in a text of words.
    static let endOfLine = SpecialSymbol("<eos>")
    /// A symbol that is not in the vocabulary.
    static let unknown = SpecialSymbol("<unk>")

    /// The end of a line, in a text of matches.
    static let lineFeed = SpecialSymbol("\n")

    private let text: StaticString

    private init(_ text: StaticString) {
        self.text = text
    }

    /// Its UTF-8 bytes, which are static and always valid.
    var bytes: UnsafePointer<UInt8> { text.utf8Start }

    var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount) }

    /// The symbol as a token of a text.
    var token: ScannedToken { ScannedToken(buffer) }
}
