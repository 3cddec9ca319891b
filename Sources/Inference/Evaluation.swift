public import Runs
public import Tasks
public import TextData

/// The score of a stored model on a text, by the metric of the model's task.
public struct TaskEvaluation: Sendable {
    public let score: any TaskScore
    /// Unknown characters that were skipped.
    public let skipped: UnknownSymbols
    /// The number of tokens of the text, including a first token that is not scored.
    public let tokenCount: Int
    /// Unknown characters that were skipped in the text whose gradients scale the updates of dynamic evaluation.
    public private(set) var skippedInStatistics = UnknownSymbols()
    /// The losses of dynamic evaluation; nil without it.
    public private(set) var dynamicLosses: DynamicLosses?

    /// Scores a text. With `skippingUnknown`, characters that are not in a vocabulary without `<unk>` are skipped, instead of an
    /// error, also in the other text that `adaptation` reads.
    ///
    /// - Parameter adaptation: what else predicts the text; by default nothing.
    public init(
        of text: OpenedText, model stored: StoredModel, adaptation: Adaptation = Adaptation(), skippingUnknown: Bool
    ) throws {
        let scorer = try adaptation.scorer(stored, skippingUnknown: skippingUnknown)
        try self.init(of: text, stored, skippingUnknown: skippingUnknown, scorer: scorer.scorer)
        dynamicLosses = scorer.learner?.losses
        skippedInStatistics = scorer.skipped
    }

    init(of text: OpenedText, _ stored: StoredModel, skippingUnknown: Bool, scorer: any TextScorer) throws {
        let source = try TextSource(examining: text)
        try stored.check(text, skippingUnknown: skippingUnknown)
        let characters = skippingUnknown ? SkippedCharacters() : nil
        var pieces = TokenPieces(scorer)
        try stored.vocabulary.encode(source, skipping: characters) { (tokens) throws(TextDataError) in try pieces.take(tokens) }
        if stored.separatesLines, let lineEnd = try stored.vocabulary.missingLineEnd(of: text) { try pieces.take(lineEnd) }
        try pieces.finish()
        try self.init(
            scorer.score.measured(on: try text.extent()), skipped: characters?.unknown ?? UnknownSymbols(), of: text.name,
            tokenCount: pieces.tokenCount)
    }

    /// Throws `TextDataError.textTooShort` if a score is one of no predictions.
    init(_ score: any TaskScore, skipped: UnknownSymbols, of name: String, tokenCount: Int) throws(TextDataError) {
        guard score.count > 0 else { throw .textTooShort(source: name, tokenCount: tokenCount) }
        (self.score, self.skipped, self.tokenCount) = (score, skipped, tokenCount)
    }
}

/// The figures of a language model on a text, scored as one stream from the first token to the last, or line by line if the model was trained so.
public struct Evaluation: Sendable, Equatable {
    /// The losses of the tokens.
    public let score: TextScore
    /// Unknown characters that were skipped.
    public let skipped: UnknownSymbols

    /// The number of predicted tokens: all; of one stream all but the first.
    public var tokens: Int { score.tokens }
    /// Mean negative log likelihood, nats per token.
    public var loss: Double { score.loss }
    public var perplexity: Double { score.perplexity }
    public var bitsPerToken: Double { score.bitsPerToken }

    /// Steps of a window. The result does not depend on it.
    public static let windowLength = StreamScorer.windowLength

    /// Scores the text at `path`. Throws errors of the text and of its characters, and `StoredRunError.noTokenModel` for a model of another task.
    public init(of path: String, model stored: StoredModel) throws {
        try self.init(of: OpenedText(path: path, unit: stored.unit), model: stored, skippingUnknown: false)
    }

    /// Scores a text as one stream with windows of another length, up to the maximum of the model.
    package init(of path: String, model stored: StoredModel, windowLength: Int) throws {
        let scorer = StreamTextScorer(stored.model, stored.symbols.special, pieceLength: windowLength)
        let text = try OpenedText(path: path, unit: stored.unit)
        try self.init(TaskEvaluation(of: text, stored, skippingUnknown: false, scorer: scorer), stored)
    }

    /// Scores a text. With `skippingUnknown`, characters that are not in a vocabulary without `<unk>` are skipped, instead of an
    /// error.
    public init(of text: OpenedText, model stored: StoredModel, skippingUnknown: Bool) throws {
        try self.init(TaskEvaluation(of: text, model: stored, skippingUnknown: skippingUnknown), stored)
    }

    private init(_ evaluation: TaskEvaluation, _ stored: StoredModel) throws {
        guard let score = evaluation.score as? TextScore else { throw StoredRunError.noTokenModel(task: stored.task.name) }
        self.score = score
        skipped = evaluation.skipped
    }
}

/// Collects tokens, and scores them one piece at a time.
private struct TokenPieces {
    private let scorer: any TextScorer
    private var piece: [Int32] = []
    private(set) var tokenCount = 0

    init(_ scorer: any TextScorer) {
        self.scorer = scorer
        piece.reserveCapacity(scorer.pieceLength)
    }

    mutating func take(_ tokens: UnsafeBufferPointer<Int32>) throws(TextDataError) {
        for token in tokens { try take(token) }
    }

    mutating func take(_ token: Int32) throws(TextDataError) {
        tokenCount += 1
        piece.append(token)
        if piece.count == scorer.pieceLength { try score(isLast: false) }
    }

    mutating func finish() throws(TextDataError) { try score(isLast: true) }

    private mutating func score(isLast: Bool) throws(TextDataError) {
        let values = try piece.withUnsafeBufferPointer { (piece) throws(TextDataError) in
            try scorer.values(piece, isLast: isLast, share: .whole)
        }
        scorer.add([values[...]])
        piece.removeAll(keepingCapacity: true)
    }
}
