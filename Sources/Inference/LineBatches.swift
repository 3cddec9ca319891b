import Foundation
import Tensors
import TextData

/// The sizes on which the speed of work on batches of lines depends, but not its result.
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

    /// The number of threads, and of streams of each thread's model.
    ///
    /// - Parameter lineCount: the lines of the first piece, which is the largest one: a short text needs few streams.
    func division(_ lineCount: Int) -> (threads: Int, streams: Int) {
        let threads = max(1, min(threads, lineCount))
        return (threads, max(1, min(streams, (lineCount + threads - 1) / threads)))
    }
}

extension Vocabulary {
    /// Encodes the lines of a text, and passes them to `body` a piece of the text at a time, in order.
    ///
    /// Throws the errors of the text and of `body`. After an error in the text, the lines before it are passed, too.
    func encodePieces(
        of source: TextSource, skipping characters: SkippedCharacters?, _ limits: BatchLimits,
        _ body: ([EncodedLine]) throws -> Void
    ) throws {
        var (piece, tokenCount) = ([EncodedLine](), 0)
        var failure: (any Error)?
        var encoding: (any Error)?
        func finish() {
            guard failure == nil, !piece.isEmpty else { return }
            do { try body(piece) } catch { failure = error }
            piece.removeAll(keepingCapacity: true)
            tokenCount = 0
        }
        do {
            try encodeLines(source, skipping: characters, endsLastLine: true) { line in
                guard failure == nil else { return }
                piece.append(line)
                tokenCount += line.tokens.count
                if piece.count >= limits.lines || tokenCount >= limits.tokens { finish() }
            }
        } catch {
            encoding = error
        }
        finish()
        if let error = failure ?? encoding { throw error }
    }
}

/// Divides lines, sorted by length, into batches, has several threads compute the batches, and returns the results in the order of the lines.
///
/// - Parameters:
///   - lengths: the lengths of the lines.
///   - size: the most lines of a batch.
///   - threads: the number of threads.
///   - body: given the number of the thread and the numbers of the lines of a batch, the longest line first, returns their results.
func inBatches<Result>(
    lengths: [Int], of size: Int, threads: Int, _ body: (_ thread: Int, _ batch: ArraySlice<Int>) -> [Result]
) -> [Result] {
    let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    let batches = LineBatches<Result>(order, batchSize: size)
    withoutActuallyEscaping(body) { body in
        nonisolated(unsafe) let body = body
        onThreads(threads) { thread in
            Processor.flushDenormals()
            while let batch = batches.next() { batches.take(body(thread, batch), of: batch) }
        }
    }
    return batches.inOrder
}

/// Batches of lines, and the results of the lines. Several threads take batches and add results.
private final class LineBatches<Result>: @unchecked Sendable {
    private let order: [Int]
    private let batchSize: Int
    private let lock = NSLock()
    private var start = 0
    private var results: [Result?]

    /// - Parameter order: the numbers of the lines, the longest line first.
    init(_ order: [Int], batchSize: Int) {
        (self.order, self.batchSize) = (order, batchSize)
        results = Array(repeating: nil, count: order.count)
    }

    /// The numbers of the lines of the next batch, the longest line first; nil after the last one.
    func next() -> ArraySlice<Int>? {
        lock.withLock {
            guard start < order.count else { return nil }
            defer { start = min(start + batchSize, order.count) }
            return order[start..<min(start + batchSize, order.count)]
        }
    }

    /// Keeps the results of a batch.
    func take(_ values: [Result], of batch: ArraySlice<Int>) {
        lock.withLock { for (value, number) in zip(values, batch) { results[number] = value } }
    }

    /// The results of all lines, after all threads have ended.
    var inOrder: [Result] {
        results.map { result in
            guard let result else { preconditionFailure("a line without a result") }
            return result
        }
    }
}
