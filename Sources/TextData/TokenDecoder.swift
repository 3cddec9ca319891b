/// Decodes tokens to text, one after another.
///
/// Words are separated by blanks. `<eos>` becomes a line feed. Characters, bytes and matches are unchanged. `<unk>` becomes the text `<unk>`. Pieces
/// become the text that SentencePiece makes of each line.
public struct TokenDecoder {
    private let vocabulary: Vocabulary
    private var isAtLineStart = true

    /// A decoder at the start of a text.
    public init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

    /// Appends the text of the next token: complete characters in UTF-8, or one byte if the unit is bytes or the piece is a byte.
    public mutating func append(_ token: Int32, to bytes: inout [UInt8]) {
        if token == vocabulary.endOfLineID {
            bytes.append(0x0A)
            isAtLineStart = true
            return
        }
        if let model = vocabulary.tokenizer.model {
            let count = bytes.count
            model.append(token, isFirst: isAtLineStart, to: &bytes)
            isAtLineStart = isAtLineStart && model.dropsAllFirstBlanks && bytes.count == count
            return
        }
        if vocabulary.unit.isSpaced, !isAtLineStart { bytes.append(0x20) }
        bytes.append(contentsOf: vocabulary.index.table.bytes(Int(token)))
        isAtLineStart = false
    }
}

extension SentencePieceModel {
    /// Appends the text of a piece. `isFirst` says whether it begins a line.
    func append(_ id: Int32, isFirst: Bool, to bytes: inout [UInt8]) {
        let piece = Array(symbols.table.bytes(Int(id)))
        switch kinds[Int(id)] {
        case .control: return
        case .unknown: bytes.append(contentsOf: "<unk>".utf8)
        case .byte:
            // <0x0A>
            let digits = String(decoding: piece.dropFirst(3).dropLast(), as: UTF8.self)
            bytes.append(UInt8(digits, radix: 16) ?? 0x3F)
        case .normal, .userDefined, .unused:
            var rest = piece[...]
            if isFirst, dropsFirstBlank, rest.starts(with: Self.blank) { rest = rest.dropFirst(Self.blank.count) }
            while let byte = rest.first {
                let isBlank = rest.starts(with: Self.blank)
                bytes.append(isBlank ? 0x20 : byte)
                rest = rest.dropFirst(isBlank ? Self.blank.count : 1)
            }
        }
    }
}
