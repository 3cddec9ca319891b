/// A symbol that stands for something that is no word of a text.
struct SpecialSymbol: Sendable {
    /// After every line of a text in words.
    static let endOfLine = SpecialSymbol("<eos>")
    /// In place of what the vocabulary lacks.
    static let unknown = SpecialSymbol("<unk>")

    private let text: StaticString

    private init(_ text: StaticString) {
        self.text = text
    }

    /// Its UTF-8, which lies in the program and is there for ever.
    var bytes: UnsafePointer<UInt8> { text.utf8Start }

    /// The symbol as if it had been found in a text.
    var token: ScannedToken {
        ScannedToken(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
