/// Decodes tokens to text, one after another.
///
/// Words are separated by blanks. `<eos>` becomes a line feed. Characters and bytes are unchanged. `<unk>` becomes the text `<unk>`.
public struct TokenDecoder {
    private let vocabulary: Vocabulary
    private var isAtLineStart = true

    /// A decoder at the start of a text.
    public init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

    /// Appends the text of the next token: complete characters in UTF-8, or one byte if the unit is bytes.
    public mutating func append(_ token: Int32, to bytes: inout [UInt8]) {
        let isWord = vocabulary.unit == .word
        if isWord, token == vocabulary.endOfLineID {
            bytes.append(0x0A)
            isAtLineStart = true
            return
        }
        if isWord, !isAtLineStart { bytes.append(0x20) }
        bytes.append(contentsOf: vocabulary.index.table.bytes(Int(token)))
        isAtLineStart = false
    }
}
