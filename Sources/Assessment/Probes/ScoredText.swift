import Inference

/// A scored text of an item, with the piece of each token.
struct ScoredText {
    private let line: ScoredLine
    /// The piece in which each token begins; `pieces.count` for the line end.
    private let pieceOfToken: [Int]

    init(_ line: ScoredLine, pieces: [String]) {
        self.line = line
        let bytes = Array(pieces.joined().utf8)
        var ends: [Int] = []
        for piece in pieces { ends.append((ends.last ?? 0) + piece.utf8.count) }
        var position = 0
        pieceOfToken = line.tokens.map { token in
            if line.isLineEnd(token) { return pieces.count }
            let symbol = line.bytes(of: token)
            // Only white space lies between two words, and no word begins with it.
            while position < bytes.count, !bytes[position...].starts(with: symbol) { position += 1 }
            defer { position += symbol.count }
            return ends.firstIndex { position < $0 } ?? pieces.count
        }
    }

    /// The sum of the surprisals in bits.
    func bits(_ measured: Measured) -> Double { tokens(measured).reduce(0) { $0 + $1.surprisal } / 0.693_147_180_559_945_3 }

    /// Whether one of the tokens is outside the vocabulary.
    func hasUnknown(_ measured: Measured) -> Bool { tokens(measured).contains { $0.isUnknown } }

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

    private var symbols: [ArraySlice<UInt8>] { line.tokens.map { line.bytes(of: $0) } }
}
