import TextData

/// A model's figures on a text, scored as one stream from its first token to its last.
public struct Evaluation: Sendable, Equatable {
    /// Tokens that were predicted: all but the first.
    public let tokens: Int
    /// Mean negative log likelihood, nats per token.
    public let loss: Double

    public var perplexity: Double { exponential(loss) }
    public var bitsPerToken: Double { loss / 0.693_147_180_559_945_3 }

    /// Steps of a window; the result does not depend on it.
    public static let windowLength = 256

    /// Scores the text at `path`. Throws what a text and its characters may have wrong.
    public init(of path: String, model stored: StoredModel) throws {
        try self.init(of: path, model: stored, windowLength: Self.windowLength)
    }

    /// The same by other windows, of no more steps than the model was made for.
    package init(of path: String, model stored: StoredModel, windowLength: Int) throws {
        let source = try TextSource(path: path, unit: stored.unit)
        stored.model.resetState()
        var scorer = StreamScorer(stored, windowLength: windowLength)
        try stored.vocabulary.encode(source) { tokens in scorer.take(tokens) }
        scorer.finish()
        guard scorer.predictions > 0 else { throw TextDataError.textTooShort(source: path, tokenCount: scorer.tokenCount) }
        tokens = scorer.predictions
        loss = scorer.sum / Double(scorer.predictions)
    }
}

/// Scores tokens as they come, window by window, the state carried from the first to the last.
private struct StreamScorer {
    private let stored: StoredModel
    private let windowLength: Int
    private var window: [Int32] = []
    private let mask: [Float]
    private(set) var sum = 0.0
    private(set) var predictions = 0
    private(set) var tokenCount = 0

    init(_ stored: StoredModel, windowLength: Int) {
        self.stored = stored
        self.windowLength = windowLength
        mask = [Float](repeating: 1, count: windowLength)
        window.reserveCapacity(windowLength + 1)
    }

    mutating func take(_ tokens: UnsafeBufferPointer<Int32>) {
        tokenCount += tokens.count
        for token in tokens {
            window.append(token)
            if window.count > windowLength { score() }
        }
    }

    mutating func finish() {
        if window.count > 1 { score() }
    }

    /// Scores all but the first token of the window, of which the last stays as the next one's first.
    private mutating func score() {
        let steps = window.count - 1
        let targets = Array(window[1...])
        stored.model.forward(window, steps: steps)
        let losses = stored.model.loss(targets: targets, mask: mask)
        for step in 0..<steps { sum += losses[step] }
        stored.model.carryState(steps: steps)
        predictions += steps
        window = [window[steps]]
    }
}
