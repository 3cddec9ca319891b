import Inference
import TextData

/// A scored text of an item, with the piece of each token.
///
/// A token belongs to the piece of its first character that is no blank. A blank alone belongs to the piece in which it stands. If the tokenizer
/// joins a blank to the word after it, a token belongs to the piece of its word, as in `WordDivision`.
struct ScoredText {
    private let line: ScoredLine
    /// The piece of each token; `pieceCount` for the line end, and for blanks that belong to no word.
    private let pieceOfToken: [Int]
    private let pieceCount: Int
    private let words: [Word]

    /// A word of a piece: what lies between white space.
    private struct Word {
        let text: ExactText
        let piece: Int
        /// The tokens of the word, as in `WordDivision`.
        let tokens: Range<Int>
        /// The piece of the first token that contains a part of the word; nil if a normalisation removed the word.
        let pieceOfFirstToken: Int?

        var isRemoved: Bool { pieceOfFirstToken == nil }
    }

    /// - Parameters:
    ///   - pieces: the pieces of the text, between which there is white space.
    ///   - division: the division of the vocabulary.
    ///   - joinsBlanks: whether the tokenizer joins a blank to the word after it.
    init(_ line: ScoredLine, pieces: [String], division: WordDivision, joinsBlanks: Bool) {
        (self.line, pieceCount) = (line, pieces.count)
        words = Self.words(of: pieces, division.words(of: line.line), line.line)
        pieceOfToken = joinsBlanks ? Self.piecesByWord(line, words, pieces) : Self.piecesByPlace(line, pieces)
    }

    /// The words of all pieces. `found` has the tokens of each.
    private static func words(of pieces: [String], _ found: [LineWord], _ line: EncodedLine) -> [Word] {
        var words: [Word] = []
        /// The last word with a token that is not blank, and the number of words of which the last such token contains a part.
        var begun: (word: Int, reach: Int)?
        for (piece, text) in pieces.enumerated() {
            for word in text.words {
                let number = words.count
                let tokens = number < found.count ? found[number].tokens : 0..<0
                if let reach = tokens.map({ Self.wordCount(of: $0, line) }).last(where: { $0 > 0 }) { begun = (number, reach) }
                let first: Int? = begun.flatMap { begun in
                    if begun.word == number { return piece }
                    return number - begun.word < begun.reach ? words[begun.word].piece : nil
                }
                words.append(Word(text: ExactText(word), piece: piece, tokens: tokens, pieceOfFirstToken: first))
            }
        }
        return words
    }

    /// The number of words of which the token at `index` contains a part.
    private static func wordCount(of index: Int, _ line: EncodedLine) -> Int {
        String(decoding: line.source(of: index), as: UTF8.self).words.count
    }

    private static func piecesByWord(_ line: ScoredLine, _ words: [Word], _ pieces: [String]) -> [Int] {
        var found = [Int](repeating: pieces.count, count: line.tokens.count)
        for word in words {
            for token in word.tokens { found[token] = word.piece }
        }
        return found
    }

    private static func piecesByPlace(_ line: ScoredLine, _ pieces: [String]) -> [Int] {
        let bytes = Array(pieces.joined().utf8)
        var ends: [Int] = []
        for piece in pieces { ends.append((ends.last ?? 0) + piece.utf8.count) }
        var position = 0
        return line.tokens.map { token in
            if line.isLineEnd(token) { return pieces.count }
            let symbol = line.source(of: token)
            // Only white space lies between two words, and no word begins with it.
            while position < bytes.count, !bytes[position...].starts(with: symbol) { position += 1 }
            defer { position += symbol.count }
            let start = symbol.allSatisfy(isBlank) ? position : bytes[position...].firstIndex { !isBlank($0) }
            return start.flatMap { start in ends.firstIndex { start < $0 } } ?? pieces.count
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// The sum of the surprisals in bits.
    func bits(_ measured: Measured) -> Double { tokens(measured).reduce(0) { $0 + $1.surprisal } / 0.693_147_180_559_945_3 }

    /// Whether the sum of the surprisals is not that of the words: one of the tokens is outside the vocabulary, or a word has no token in the sum,
    /// because a normalisation removed the word, or a token of another piece contains it.
    func hasUnknown(_ measured: Measured) -> Bool { tokens(measured).contains { $0.isUnknown } || lacksWord(measured) }

    private func lacksWord(_ measured: Measured) -> Bool {
        switch measured {
        case .whole: words.contains { $0.isRemoved }
        case .pieces(_, let pieces):
            words.contains { word in
                pieces.contains(word.piece) && !(word.pieceOfFirstToken.map { pieces.contains($0) } ?? false)
            }
        }
    }

    /// The first token outside the vocabulary, as in the text, up to the last piece of the measured ones, whose surprisals it can change; nil for none.
    func firstUnknown(upTo measured: [Measured]) -> String? {
        let end = measured.map(end).max() ?? 0
        let found = zip(line.tokens, pieceOfToken).first { $0.isUnknown && $1 < end }
        return found.map { String(decoding: line.source(of: $0.0), as: UTF8.self) }
    }

    /// The end of the measured pieces.
    private func end(_ measured: Measured) -> Int {
        switch measured {
        case .whole: pieceCount
        case .pieces(_, let pieces): pieces.upperBound
        }
    }

    private func tokens(_ measured: Measured) -> [ScoredToken] {
        switch measured {
        case .whole: line.tokens
        case .pieces(_, let pieces): zip(line.tokens, pieceOfToken).filter { pieces.contains($1) }.map(\.0)
        }
    }

    /// Whether one of the tokens in which the texts differ is outside the vocabulary, or a normalisation removed one of the words in which they
    /// differ: those that a longest common subsequence leaves out.
    static func hasUnknownDifference(_ a: ScoredText, _ b: ScoredText) -> Bool {
        SentenceAlignment.leavesOutUnknown(a.symbols, b.symbols) || SentenceAlignment.leavesOutUnknown(a.removals, b.removals)
    }

    private var symbols: [SentenceAlignment.Symbol<ArraySlice<UInt8>>] {
        line.tokens.map { SentenceAlignment.Symbol(line.source(of: $0), isUnknown: $0.isUnknown) }
    }

    private var removals: [SentenceAlignment.Symbol<ExactText>] {
        words.map { SentenceAlignment.Symbol($0.text, isUnknown: $0.isRemoved) }
    }
}
