public import Runs
public import TextData

/// The figures of a model on a text, scored as one stream from the first token to the last, or line by line if the model was
/// trained on lines.
public struct Evaluation: Sendable, Equatable {
    public let score: TextScore
    /// Unknown characters that were skipped.
    public let skipped: UnknownSymbols

    /// The number of predicted tokens: all, except the first token of a single stream.
    public var tokens: Int { score.tokens }
    /// Mean negative log likelihood, nats per token.
    public var loss: Double { score.loss }
    public var perplexity: Double { score.perplexity }
    public var bitsPerToken: Double { score.bitsPerToken }

    /// Steps of a window. The result does not depend on it.
    public static let windowLength = StreamScorer.windowLength

    /// Scores the text at `path`. Throws errors of the text and of its characters.
    public init(of path: String, model stored: StoredModel) throws {
        try self.init(of: path, model: stored, windowLength: Self.windowLength)
    }

    /// Scores a text with windows of another length, up to the maximum of the model.
    package init(of path: String, model stored: StoredModel, windowLength: Int) throws {
        let text = try OpenedText(path: path, unit: stored.unit)
        try self.init(of: text, model: stored, skippingUnknown: false, windowLength: windowLength)
    }

    /// Scores a text. With `skippingUnknown`, characters that are not in a vocabulary without `<unk>` are skipped, instead of an
    /// error.
    public init(of text: OpenedText, model stored: StoredModel, skippingUnknown: Bool) throws {
        try self.init(of: text, model: stored, skippingUnknown: skippingUnknown, windowLength: Self.windowLength)
    }

    private init(of text: OpenedText, model stored: StoredModel, skippingUnknown: Bool, windowLength: Int) throws {
        let source = try TextSource(examining: text)
        let characters = skippingUnknown ? SkippedCharacters() : nil
        var windows = TokenWindows(stored, windowLength: windowLength)
        try stored.vocabulary.encode(source, skipping: characters) { tokens in windows.take(tokens) }
        windows.finish()
        guard windows.score.tokens > 0 else {
            throw TextDataError.textTooShort(source: text.name, tokenCount: windows.tokenCount)
        }
        score = windows.score
        skipped = characters?.unknown ?? UnknownSymbols()
    }
}

/// Collects tokens, and scores them one window at a time.
private struct TokenWindows {
    private let scorer: StreamScorer
    private let windowLength: Int
    private var window: [Int32]
    /// The token that ends a line; nil if the text is one stream.
    private let lineEnd: Int32?
    private(set) var score: TextScore
    private(set) var tokenCount = 0

    init(_ stored: StoredModel, windowLength: Int) {
        scorer = StreamScorer(stored.model)
        score = TextScore(SpecialTokens(stored.vocabulary))
        self.windowLength = windowLength
        lineEnd = stored.separatesLines ? stored.startToken : nil
        window = lineEnd.map { [$0] } ?? []
        window.reserveCapacity(windowLength + 1)
    }

    mutating func take(_ tokens: UnsafeBufferPointer<Int32>) {
        tokenCount += tokens.count
        for token in tokens {
            window.append(token)
            if token == lineEnd {
                scoreWindow()
                scorer.reset()
            } else if window.count > windowLength {
                scoreWindow()
            }
        }
    }

    mutating func finish() {
        if window.count > 1 { scoreWindow() }
    }

    /// Scores all but the first token of the window. The last token becomes the first of the next window.
    private mutating func scoreWindow() {
        let steps = window.count - 1
        window.withUnsafeBufferPointer { window in
            let tokens = window.baseAddress!
            score.add(scorer.losses(tokens, steps: steps, rows: 0..<steps), of: tokens + 1, count: steps)
        }
        window = [window[steps]]
    }
}
