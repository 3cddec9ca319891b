import Dispatch
import Foundation
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
    private var piece: [EncodedLine] = []
    private var tokensOfPiece = 0
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
        var failure: (any Error)?
        var encoding: (any Error)?
        func finish() {
            guard failure == nil else { return }
            do { try scorePiece(body) } catch { failure = error }
        }
        do {
            try vocabulary.encodeLines(source, skipping: characters) { line in
                guard failure == nil else { return }
                piece.append(line)
                tokensOfPiece += line.tokens.count
                if piece.count >= limits.lines || tokensOfPiece >= limits.tokens { finish() }
            }
        } catch {
            encoding = error
        }
        // Also the lines before an error in the text.
        finish()
        if let error = failure ?? encoding { throw error }
    }

    private func scorePiece(_ body: (ScoredLine) throws -> Void) throws {
        let scored = try figures(of: piece)
        for (line, tokens) in zip(piece, scored) {
            lineCount += 1
            tokenCount += line.tokens.count
            for token in tokens { total.add(token.surprisal, of: token.id) }
            try body(ScoredLine(number: lineCount, line: line, tokens: tokens))
        }
        piece.removeAll(keepingCapacity: true)
        tokensOfPiece = 0
    }

    /// The figures of the tokens of each line.
    private func figures(of lines: [EncodedLine]) throws -> [[ScoredToken]] {
        guard !lines.isEmpty else { return [] }
        if workers.isEmpty { try makeWorkers(lines.count) }
        let sequences = lines.map { stored.sequences($0.tokens) }
        let parts = sequences.flatMap { $0 }
        let order = parts.indices.sorted { (parts[$1].count, $0) < (parts[$0].count, $1) }
        let results = ScoredBatches(order, batchSize: workers[0].streams)
        let start = stored.startToken
        nonisolated(unsafe) let workers = workers
        nonisolated(unsafe) let shared = mixture
        DispatchQueue.concurrentPerform(iterations: workers.count) { number in
            Processor.flushDenormals()
            while let batch = results.next() {
                var pending = batch.map { PendingLine(parts[$0], after: start, shared) }
                workers[number].reset()
                workers[number].score(&pending)
                results.take(pending, of: batch)
            }
        }
        var next = 0
        return sequences.map { parts in
            defer { next += parts.count }
            return Array(results.tokens[next..<(next + parts.count)].joined())
        }
    }

    /// Makes a model for each thread. Throws `RunCheckError` (70) if a limit of the process is too low.
    ///
    /// - Parameter lineCount: the lines of the first piece, which is the largest one: a short text needs few streams.
    private func makeWorkers(_ lineCount: Int) throws {
        let threads = max(1, min(limits.threads, lineCount))
        let streams = max(1, min(limits.streams, (lineCount + threads - 1) / threads))
        for _ in 0..<threads {
            let model = try stored.model(WindowCapacity(steps: limits.steps, streams: streams, training: false))
            workers.append(LineBatch(model, of: stored, interpolating: mixture))
        }
    }
}

/// The sizes on which the speed of a `BatchedScorer` depends, but not its result.
package struct BatchLimits {
    /// Threads.
    package var threads = ProcessInfo.processInfo.activeProcessorCount
    /// The most lines of a batch.
    package var streams = 32
    /// The steps of a window.
    package var steps = 16
    /// A piece of the text ends with this number of lines or tokens.
    package var lines = 8192
    package var tokens = 1 << 17

    /// The rows of a window have logits of at most 64 MB.
    package init(vocabularySize: Int) { streams = max(1, min(streams, (16 << 20) / (steps * vocabularySize))) }
}

/// Batches of lines, and the figures of their tokens. Several threads take batches and add figures.
private final class ScoredBatches: @unchecked Sendable {
    private let order: [Int]
    private let batchSize: Int
    private let lock = NSLock()
    private var start = 0
    /// The figures of the tokens of each line, in the order of the text. Complete when all threads have ended.
    private(set) var tokens: [[ScoredToken]]

    /// - Parameter order: the numbers of the lines, the longest line first.
    init(_ order: [Int], batchSize: Int) {
        (self.order, self.batchSize) = (order, batchSize)
        tokens = Array(repeating: [], count: order.count)
    }

    /// The numbers of the lines of the next batch, the longest line first; nil after the last one.
    func next() -> ArraySlice<Int>? {
        lock.withLock {
            guard start < order.count else { return nil }
            defer { start = min(start + batchSize, order.count) }
            return order[start..<min(start + batchSize, order.count)]
        }
    }

    /// Keeps the figures of a batch.
    func take(_ lines: [PendingLine], of batch: ArraySlice<Int>) {
        lock.withLock { for (line, number) in zip(lines, batch) { tokens[number] = line.tokens } }
    }
}
