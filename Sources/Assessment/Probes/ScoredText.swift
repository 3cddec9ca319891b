import Inference

/// A scored text of an item, with the piece of each token.
///
/// A token belongs to the piece of its first character that is no blank. A blank alone belongs to the piece in which it stands, and with `joinsBlanks` to
/// that of the word after it.
struct ScoredText {
    private let line: ScoredLine
    /// The piece of each token; `pieces.count` for the line end, and for blanks that belong to no word.
    private let pieceOfToken: [Int]
    private let pieceCount: Int

    /// - Parameter joinsBlanks: whether the tokenizer joins a blank to the word after it.
    init(_ line: ScoredLine, pieces: [String], joinsBlanks: Bool) {
        (self.line, pieceCount) = (line, pieces.count)
        let bytes = Array(pieces.joined().utf8)
        var ends: [Int] = []
        for piece in pieces { ends.append((ends.last ?? 0) + piece.utf8.count) }
        var position = 0
        pieceOfToken = line.tokens.map { token in
            if line.isLineEnd(token) { return pieces.count }
            let symbol = line.source(of: token)
            // Only white space lies between two words, and no word begins with it.
            while position < bytes.count, !bytes[position...].starts(with: symbol) { position += 1 }
            defer { position += symbol.count }
            let movesOn = joinsBlanks || !symbol.allSatisfy(Self.isBlank)
            let start = movesOn ? bytes[position...].firstIndex { !Self.isBlank($0) } : position
            return start.flatMap { start in ends.firstIndex { start < $0 } } ?? pieces.count
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// The sum of the surprisals in bits.
    func bits(_ measured: Measured) -> Double { tokens(measured).reduce(0) { $0 + $1.surprisal } / 0.693_147_180_559_945_3 }

    /// Whether one of the tokens is outside the vocabulary.
    func hasUnknown(_ measured: Measured) -> Bool { tokens(measured).contains { $0.isUnknown } }

    /// The first token of a piece that is outside the vocabulary, as in the text; nil for none.
    var firstUnknown: String? {
        let found = zip(line.tokens, pieceOfToken).first { $0.isUnknown && $1 < pieceCount }
        return found.map { String(decoding: line.source(of: $0.0), as: UTF8.self) }
    }

    private func tokens(_ measured: Measured) -> [ScoredToken] {
        switch measured {
        case .whole: line.tokens
        case .pieces(_, let pieces): zip(line.tokens, pieceOfToken).filter { pieces.contains($1) }.map(\.0)
        }
    }

    /// Whether one of the tokens in which the texts differ is outside the vocabulary: those between the longest equal beginning and end.
    static func hasUnknownDifference(_ a: ScoredText, _ b: ScoredText) -> Bool {
        let (first, second) = (a.symbols, b.symbols)
        let shorter = min(first.count, second.count)
        let start = (0..<shorter).first { first[$0] != second[$0] } ?? shorter
        let end =
            (0..<(shorter - start)).first { first[first.count - 1 - $0] != second[second.count - 1 - $0] } ?? shorter - start
        return [a, b].contains { text in
            text.line.tokens[start..<(text.line.tokens.count - end)].contains { $0.isUnknown }
        }
    }

    private var symbols: [ArraySlice<UInt8>] { line.tokens.map { line.source(of: $0) } }
}
