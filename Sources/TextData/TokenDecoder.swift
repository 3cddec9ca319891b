/// Decodes tokens to text, one after another.
///
/// Words are separated by blanks. `<eos>` becomes a line feed. Characters, bytes and matches are unchanged. `<unk>` becomes the text `<unk>`. Pieces
/// become the text that SentencePiece makes of each line: pieces that are bytes become characters, and U+FFFD if they make none. So does a line feed
/// that is a piece, because no line has one.
public struct TokenDecoder {
    private let vocabulary: Vocabulary
    private var isAtLineStart = true
    /// The pieces that are bytes since the last whole character.
    private var held: [UInt8] = []

    /// A decoder at the start of a text.
    public init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

    /// Appends the text of the next token: complete characters in UTF-8, or one byte if the unit is bytes. A piece that is a byte is held back until its
    /// character is complete.
    public mutating func append(_ token: Int32, to bytes: inout [UInt8]) {
        if let byte = vocabulary.tokenizer.model?.byte(of: token) {
            isAtLineStart = false
            return append(byte: byte, to: &bytes)
        }
        end(to: &bytes)
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

    /// Appends what was held back, at the end of the text.
    public mutating func end(to bytes: inout [UInt8]) {
        guard !held.isEmpty else { return }
        bytes.append(contentsOf: String(decoding: held, as: UTF8.self).utf8)
        held.removeAll()
    }

    private mutating func append(byte: UInt8, to bytes: inout [UInt8]) {
        let isContinuation = byte & 0xC0 == 0x80
        if !isContinuation { end(to: &bytes) }
        if byte < 0x80 {
            bytes.append(contentsOf: byte == 0x0A ? Array("\u{FFFD}".utf8) : [byte])
            return
        }
        held.append(byte)
        // A byte that begins no character is invalid, alone or with others.
        let width = UTF8.width(ofCharacterWithFirstByte: held[0])
        if held.count >= width { end(to: &bytes) }
    }
}

extension UTF8 {
    /// The number of bytes of a character that begins with `byte`; 1 if none does.
    fileprivate static func width(ofCharacterWithFirstByte byte: UInt8) -> Int {
        switch byte {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
    }
}

extension SentencePieceModel {
    /// The byte of a piece such as `<0x0A>`; nil for another piece.
    fileprivate func byte(of id: Int32) -> UInt8? {
        guard kinds[Int(id)] == .byte else { return nil }
        return UInt8(String(decoding: symbols.table.bytes(Int(id)).dropFirst(3).dropLast(), as: UTF8.self), radix: 16) ?? 0x3F
    }

    /// Appends the text of a piece. `isFirst` says whether it begins a line.
    func append(_ id: Int32, isFirst: Bool, to bytes: inout [UInt8]) {
        let piece = Array(symbols.table.bytes(Int(id)))
        switch kinds[Int(id)] {
        case .control: return
        case .unknown: bytes.append(contentsOf: "<unk>".utf8)
        case .normal, .userDefined, .unused, .byte:
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
