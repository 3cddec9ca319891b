import Models
public import Runs
public import Tasks
import Tensors
public import TextData

/// Scores a text whose lines are independent in batches of lines, on the processors of this process: the surprisal, entropy and rank of each
/// token.
///
/// The lines of a piece of the text are sorted by length, so that the lines of a batch have about the same length. The figures have the same
/// bits as those of `LineScorer`, and arrive in the order of the text.
public final class BatchedScorer: TokenScorer {
    private let stored: StoredModel
    private let mixture: Interpolation?
    private let limits: BatchLimits
    /// One for each thread; made for the first piece.
    private var workers: [LineBatch] = []
    /// The number of lines so far.
    public private(set) var lineCount = 0
    /// The number of tokens so far.
    public private(set) var tokenCount = 0
    /// The score of all lines so far.
    public private(set) var total: TextScore

    /// - Parameters:
    ///   - stored: the model, whose parameters all threads read.
    ///   - mixture: if given, the probabilities are those of the interpolation of `stored` with n-grams.
    public convenience init(_ stored: StoredModel, interpolating mixture: Interpolation? = nil) {
        self.init(stored, interpolating: mixture, BatchLimits(vocabularySize: stored.vocabulary.size))
    }

    package init(_ stored: StoredModel, interpolating mixture: Interpolation? = nil, _ limits: BatchLimits) {
        (self.stored, self.mixture, self.limits) = (stored, mixture, limits)
        total = TextScore(stored.symbols.special)
    }

    /// The symbols of the model.
    public var vocabulary: Vocabulary { stored.vocabulary }

    /// Scores the lines of a text in order, a piece of the text at a time, and passes each to `body`.
    public func scoreLines(
        of source: TextSource, skipping characters: SkippedCharacters?, _ body: (ScoredLine) throws -> Void
    ) throws {
        try vocabulary.encodePieces(of: source, skipping: characters, limits) { try score($0, body) }
    }

    private func score(_ piece: [EncodedLine], _ body: (ScoredLine) throws -> Void) throws {
        for (line, tokens) in zip(piece, try figures(of: piece)) {
            lineCount += 1
            tokenCount += line.tokens.count
            for token in tokens { total.add(token.surprisal, of: token.id) }
            try body(ScoredLine(number: lineCount, line: line, tokens: tokens))
        }
    }

    /// The figures of the tokens of each line.
    private func figures(of lines: [EncodedLine]) throws -> [[ScoredToken]] {
        if workers.isEmpty { try makeWorkers(lines.count) }
        let sequences = lines.map { stored.sequences($0.tokens) }
        let parts = sequences.flatMap { $0 }
        let start = stored.startToken
        nonisolated(unsafe) let workers = workers
        nonisolated(unsafe) let shared = mixture
        let results = inBatches(lengths: parts.map(\.count), of: workers[0].streams, threads: workers.count) { thread, batch in
            var pending = batch.map { PendingLine(parts[$0], after: start, shared) }
            workers[thread].reset()
            workers[thread].score(&pending)
            return pending.map(\.tokens)
        }
        var next = 0
        return sequences.map { parts in
            defer { next += parts.count }
            return Array(results[next..<(next + parts.count)].joined())
        }
    }

    /// Makes a model for each thread. Throws `RunCheckError` (70) if a limit of the process is too low.
    ///
    /// - Parameter lineCount: the lines of the first piece, which is the largest one: a short text needs few streams.
    private func makeWorkers(_ lineCount: Int) throws {
        let (threads, streams) = limits.division(lineCount)
        for _ in 0..<threads {
            let model = try stored.model(WindowCapacity(steps: limits.steps, streams: streams, training: false))
            workers.append(LineBatch(model, of: stored, interpolating: mixture))
        }
    }
}
