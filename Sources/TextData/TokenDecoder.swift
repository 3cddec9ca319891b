/// Turns tokens into the text they stand for, one after the other.
///
/// Words are joined by blanks, and `<eos>` is a line feed; characters and bytes stand as they are. `<unk>` stands as `<unk>`.
public struct TokenDecoder {
    private let vocabulary: Vocabulary
    private var isAtLineStart = true

    /// A decoder at the start of a text.
    public init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

    /// Appends what the next token adds to the text: whole characters in UTF-8, but for the unit of bytes one byte, whatever it is.
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
