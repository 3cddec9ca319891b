import TextData

/// The texts of tokens in a table.
struct TokenTexts {
    private let unit: TokenUnit
    private let unknownID: Int32?

    init(_ vocabulary: Vocabulary) { (unit, unknownID) = (vocabulary.unit, vocabulary.unknownID) }

    /// The token as in the text, escaped so that it stays in its field. Words are unchanged. In other tokens, line feeds, tabs,
    /// carriage returns and backslashes become `\n`, `\t`, `\r` and `\\`, and other control characters and bytes above 7E become
    /// `\xHH`.
    ///
    /// - Parameter separatesAtBlanks: whether a blank ends a field; a blank then becomes `\x20`.
    func original(_ bytes: ArraySlice<UInt8>, separatesAtBlanks: Bool = false) -> String {
        if unit.isSpaced { return String(decoding: bytes, as: UTF8.self) }
        if unit == .regex || unit == .sentencepiece, bytes.count > 1 {
            let characters = String(decoding: bytes, as: UTF8.self).unicodeScalars
            return characters.map { original(Array(String($0).utf8)[...], of: .char, separatesAtBlanks) }.joined()
        }
        return original(bytes, of: unit, separatesAtBlanks)
    }

    private func original(_ bytes: ArraySlice<UInt8>, of unit: TokenUnit, _ separatesAtBlanks: Bool) -> String {
        guard bytes.count == 1, let byte = bytes.first else { return String(decoding: bytes, as: UTF8.self) }
        switch byte {
        case 0x0A: return "\\n"
        case 0x09: return "\\t"
        case 0x0D: return "\\r"
        case 0x5C: return "\\\\"
        case 0x20 where !separatesAtBlanks, 0x21...0x7E: return String(Unicode.Scalar(byte))
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            return "\\x" + (digits.count == 1 ? "0" : "") + digits
        }
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
