public import Tasks
public import TextData

/// Scores each token of a text, line by line.
public protocol TokenScorer: AnyObject {
    var vocabulary: Vocabulary { get }
    /// The number of lines so far.
    var lineCount: Int { get }
    /// The number of tokens so far, including a first token that is not scored.
    var tokenCount: Int { get }
    /// The score of all lines so far.
    var total: TextScore { get }

    /// Scores the next line.
    func score(_ line: EncodedLine) -> ScoredLine
}

extension TokenScorer {
    /// Scores the lines of `text` in order, and passes each to `body`.
    ///
    /// Throws the errors of the text and of `body`, and `TextDataError.textTooShort` if the text has no token to score.
    ///
    /// - Parameter characters: collects characters that are not in the vocabulary, and are skipped; nil if they are errors.
    public func score(
        _ text: OpenedText, skipping characters: SkippedCharacters? = nil, _ body: (ScoredLine) throws -> Void
    ) throws {
        let source = try TextSource(examining: text)
        var failure: (any Error)?
        try vocabulary.encodeLines(source, skipping: characters) { line in
            guard failure == nil else { return }
            do { try body(score(line)) } catch { failure = error }
        }
        if let failure { throw failure }
        guard total.tokens > 0 else { throw TextDataError.textTooShort(source: text.name, tokenCount: tokenCount) }
    }
}
