public import TextData

/// A token with the model's prediction from the preceding tokens.
public struct ScoredToken: Sendable, Equatable {
    /// The position of the token in its line, from 1.
    public let position: Int
    /// The number of the token in the vocabulary.
    public let id: Int32
    /// `-log p`, in nats.
    public let surprisal: Double
    /// The entropy of the distribution that predicts the token, in nats.
    public let entropy: Double
    /// The rank by probability: 1 is the most probable. Equally probable tokens share the smallest of their ranks.
    public let rank: Int
    /// Whether the token is outside the vocabulary. Its figures are then those of `<unk>`.
    public let isUnknown: Bool
}

/// The scored tokens of a line.
public struct ScoredLine: Sendable, Equatable {
    /// The number of the line in the text, from 1.
    public let number: Int
    public let line: EncodedLine
    /// The scored tokens of the line. With carried state, the first token of the text is missing, because it has no prediction.
    public let tokens: [ScoredToken]

    /// The sum over all scored tokens, in nats. It does not depend on their order: lines with the same terms have equal sums.
    public var surprisal: Double { tokens.map(\.surprisal).sorted().reduce(0, +) }
    /// The number of scored tokens that are outside the vocabulary.
    public var unknownCount: Int { tokens.count { $0.isUnknown } }

    /// Whether `token` is the end of the line.
    public func isLineEnd(_ token: ScoredToken) -> Bool { line.isEnded && token.position == line.tokens.count }

    /// The bytes of `token`, as in the text.
    public func bytes(of token: ScoredToken) -> ArraySlice<UInt8> { line.bytes(of: token.position - 1) }

    /// The part of the text that `token` stands for, as `EncodedLine.source(of:)`.
    package func source(of token: ScoredToken) -> ArraySlice<UInt8> { line.source(of: token.position - 1) }
}

/// A word of a scored line: what lies between white space.
package struct ScoredWord: Equatable, Sendable {
    /// The bytes of the word, as in the text.
    package let text: ArraySlice<UInt8>
    /// The sum over its tokens, in nats. Nil if it has no token, if one is not scored, or if a character is skipped.
    package let surprisal: Double?
    package let tokenCount: Int
    /// The number of its tokens that are outside the vocabulary, also of those that are not scored, and of its characters that are skipped.
    package let unknownCount: Int
}

extension ScoredLine {
    /// The words of the line in order.
    package func words(_ division: WordDivision) -> [ScoredWord] {
        // With carried state, the first token of the text is not scored.
        let missing = line.tokens.count - tokens.count
        return division.words(of: line).map { word in
            let scored =
                word.tokens.lowerBound < missing
                ? [] : tokens[word.tokens.lowerBound - missing..<word.tokens.upperBound - missing]
            return ScoredWord(
                text: word.text,
                surprisal: scored.isEmpty || word.skippedCount > 0 ? nil : scored.reduce(0) { $0 + $1.surprisal },
                tokenCount: word.tokens.count,
                unknownCount: line.tokens[word.tokens].count { $0 == division.unknownID } + word.skippedCount)
        }
    }
}
