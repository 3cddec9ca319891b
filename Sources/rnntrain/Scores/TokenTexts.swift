import TextData

/// The texts of tokens in a table.
struct TokenTexts {
    private let unit: TokenUnit
    private let unknownID: Int32?
    /// To which word a token belongs.
    let division: WordDivision

    init(_ vocabulary: Vocabulary) {
        (unit, unknownID, division) = (vocabulary.unit, vocabulary.unknownID, WordDivision(vocabulary))
    }

    /// The token as in the text, escaped so that it stays in its field and line: tabs, line feeds, carriage returns and other control
    /// characters become `\t`, `\n`, `\r` and `\xHH`, and the separators U+2028 and U+2029 `\u2028` and `\u2029`. In tokens
    /// other than words, a backslash becomes `\\`; of bytes, those above 7E become `\xHH`.
    ///
    /// - Parameter separatesAtBlanks: whether a blank ends a field; a blank then becomes `\x20`.
    func original(_ bytes: ArraySlice<UInt8>, separatesAtBlanks: Bool = false) -> String {
        if unit == .byte { return bytes.map { escaped(Unicode.Scalar($0), separatesAtBlanks) }.joined() }
        return String(decoding: bytes, as: UTF8.self).unicodeScalars.map { escaped($0, separatesAtBlanks) }.joined()
    }

    /// A word as in the text, escaped alike for every kind of token, so that the tables of all models have the same words. If it is not UTF-8, as
    /// `original`.
    func word(_ bytes: ArraySlice<UInt8>) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { return original(bytes) }
        return Self.label(text)
    }

    private func escaped(_ character: Unicode.Scalar, _ separatesAtBlanks: Bool) -> String {
        if character == "\\", !unit.isSpaced { return "\\\\" }
        if character == " ", !separatesAtBlanks { return " " }
        if unit == .byte && character.value > 0x7E || character == " " { return Self.hexadecimal(character) }
        return Self.controls(character) ?? String(character)
    }

    /// A label of a classifier, with the same escapes as a word.
    static func label(_ text: String) -> String { text.unicodeScalars.map { controls($0) ?? String($0) }.joined() }

    /// The escape of a character that would end a field or a line, or that a terminal obeys; nil for others.
    private static func controls(_ character: Unicode.Scalar) -> String? {
        switch character {
        case "\n": return "\\n"
        case "\t": return "\\t"
        case "\r": return "\\r"
        case "\u{2028}", "\u{2029}": return "\\u" + String(character.value, radix: 16)
        case "\0"..<" ", "\u{7F}"..."\u{9F}": return hexadecimal(character)
        default: return nil
        }
    }

    private static func hexadecimal(_ character: Unicode.Scalar) -> String {
        let digits = String(character.value, radix: 16, uppercase: true)
        return "\\x" + (digits.count == 1 ? "0" : "") + digits
    }

    /// The number of characters of the token as the model reads it.
    func length(_ id: Int32, _ bytes: ArraySlice<UInt8>) -> Int {
        if isUnknown(id) { return known(id, bytes).unicodeScalars.count }
        return unit == .byte ? bytes.count : String(decoding: bytes, as: UTF8.self).unicodeScalars.count
    }

    /// The token for JSON: words and characters unchanged, bytes as in a table.
    func inJSON(_ bytes: ArraySlice<UInt8>) -> String {
        unit == .byte ? original(bytes) : String(decoding: bytes, as: UTF8.self)
    }

    /// The token as the model reads it: an unknown token is `<unk>`.
    func known(_ id: Int32, _ bytes: ArraySlice<UInt8>, separatesAtBlanks: Bool = false) -> String {
        isUnknown(id) ? "<unk>" : original(bytes, separatesAtBlanks: separatesAtBlanks)
    }

    func isUnknown(_ id: Int32) -> Bool { id == unknownID }
}
