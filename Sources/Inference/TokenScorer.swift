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

    /// Scores the lines of a text in order, and passes each to `body`. Throws the errors of the text and of `body`.
    func scoreLines(
        of source: TextSource, skipping characters: SkippedCharacters?, _ body: (ScoredLine) throws -> Void
    ) throws
}

extension TokenScorer {
    /// Scores the lines of `text` in order, and passes each to `body`.
    ///
    /// Throws the errors of the text and of `body`, and `TextDataError.nothingToScore` or `.textTooShort` if the text has no token to score.
    ///
    /// - Parameter characters: collects characters that are not in the vocabulary, and are skipped; nil if they are errors.
    public func score(
        _ text: OpenedText, skipping characters: SkippedCharacters? = nil, _ body: (ScoredLine) throws -> Void
    ) throws {
        // A text without any token has no lines for `body`.
        var empty: [ScoredLine] = []
        try scoreLines(of: TextSource(examining: text), skipping: characters) { line in
            guard tokenCount > 0 else { return empty.append(line) }
            for line in empty { try body(line) }
            empty.removeAll()
            try body(line)
        }
        if tokenCount == 0 {
            throw TextDataError.nothingToScore(source: text.name, skippedCount: characters?.unknown.count ?? 0)
        }
        guard total.tokens > 0 else { throw TextDataError.textTooShort(source: text.name, tokenCount: tokenCount) }
    }
}

/// A scorer that scores one line after another.
public protocol SerialScorer: TokenScorer {
    /// Whether the lines are texts of their own, so that the last one has a line end, too.
    var separatesLines: Bool { get }

    /// Scores the next line.
    func score(_ line: EncodedLine) -> ScoredLine
}

extension SerialScorer {
    /// Scores the lines one after another.
    public func scoreLines(
        of source: TextSource, skipping characters: SkippedCharacters?, _ body: (ScoredLine) throws -> Void
    ) throws {
        var failure: (any Error)?
        try vocabulary.encodeLines(source, skipping: characters, endsLastLine: separatesLines) { line in
            guard failure == nil else { return }
            do { try body(score(line)) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
