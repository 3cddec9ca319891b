public import Runs
public import Tasks
import Tensors
public import TextData

/// A line with the label that a model gives it.
public struct ClassifiedLine: Sendable, Equatable {
    /// The number of the line in the text, from 1.
    public let number: Int
    /// Nil for a line without text, which has no label.
    public let prediction: LabelPrediction?
    /// The number of tokens that the model reads as `<unk>`, because the vocabulary lacks them.
    public let unknownTokens: Int
}

/// Gives each line of a text a label, in batches of lines, on the processors of this process.
///
/// The lines have no labels. A prediction has the same bits as the loss of `TaskEvaluation` for the line with its label before it, and
/// depends on no other line.
public final class LineClassifier {
    private let stored: StoredModel
    private let keepsLosses: Bool
    private let limits: BatchLimits
    /// One for each thread; made for the first piece.
    private var workers: [LabelBatch] = []
    private var lineCount = 0
    private var tokenCount = 0
    private var unknownCount = 0
    /// The labels, whose indices are those of predictions.
    public let labels: LabelNames

    /// Throws `StoredRunError.noLabels` (64) for a model that is no classifier.
    ///
    /// - Parameters:
    ///   - stored: the model, whose parameters all threads read.
    ///   - keepsLosses: whether predictions have the losses of all labels.
    public convenience init(_ stored: StoredModel, keepsLosses: Bool) throws(StoredRunError) {
        let labels = try stored.requireLabels()
        var limits = BatchLimits(vocabularySize: labels.count)
        if keepsLosses { limits.lines = min(limits.lines, max(1, (1 << 22) / labels.count)) }
        try self.init(stored, keepsLosses: keepsLosses, limits)
    }

    package init(_ stored: StoredModel, keepsLosses: Bool, _ limits: BatchLimits) throws(StoredRunError) {
        labels = try stored.requireLabels()
        (self.stored, self.keepsLosses, self.limits) = (stored, keepsLosses, limits)
    }

    /// The tokens of all lines with text so far, line ends included, and those outside the vocabulary.
    public var unknown: UnknownCount { UnknownCount(tokens: tokenCount, unknown: unknownCount) }

    /// Classifies the lines of a text in order, and passes each to `body`. Returns how many lines look labelled.
    ///
    /// Throws the errors of the text, those of `UnlabelledLines` included, and of `body`, and `RunCheckError` (70) if a limit of the process is
    /// too low.
    ///
    /// - Parameter characters: collects characters that are not in the vocabulary, and are skipped; nil if they are errors.
    @discardableResult
    public func classify(
        _ text: OpenedText, skipping characters: SkippedCharacters? = nil, _ body: (ClassifiedLine) throws -> Void
    ) throws -> UnlabelledLines {
        let source = try TextSource(examining: text)
        let lines = try UnlabelledLines(of: text, labels)
        try stored.vocabulary.encodePieces(of: source, skipping: characters, limits) { piece in
            let texts = piece.indices.filter { !piece[$0].isBlank }
            var predictions = try predictions(texts.map { piece[$0].tokens })[...]
            for line in piece {
                try body(classified(line, line.isBlank ? nil : predictions.removeFirst()))
            }
        }
        return lines
    }

    private func classified(_ line: EncodedLine, _ prediction: LabelPrediction?) -> ClassifiedLine {
        lineCount += 1
        guard prediction != nil else { return ClassifiedLine(number: lineCount, prediction: nil, unknownTokens: 0) }
        let unknown = stored.symbols.special.unknown.map { id in line.tokens.count { $0 == id } } ?? 0
        tokenCount += line.tokens.count
        unknownCount += unknown
        return ClassifiedLine(number: lineCount, prediction: prediction, unknownTokens: unknown)
    }

    private func predictions(_ lines: [[Int32]]) throws -> [LabelPrediction] {
        guard !lines.isEmpty else { return [] }
        if workers.isEmpty { try makeWorkers(lines.count) }
        nonisolated(unsafe) let workers = workers
        return inBatches(lengths: lines.map(\.count), of: workers[0].streams, threads: workers.count) { thread, batch in
            workers[thread].predictions(batch.map { lines[$0] })
        }
    }

    private func makeWorkers(_ lineCount: Int) throws {
        let (threads, streams) = limits.division(lineCount)
        for _ in 0..<threads {
            let model = try stored.model(WindowCapacity(steps: limits.steps, streams: streams, training: false))
            workers.append(LabelBatch(model, keepsLosses: keepsLosses))
        }
    }
}

extension EncodedLine {
    /// Whether the line has no text but blanks, tabs and carriage returns. Such a text is refused in a text with labels.
    fileprivate var isBlank: Bool {
        (0..<(isEnded ? tokens.count - 1 : tokens.count)).allSatisfy { place in
            bytes(of: place).isBlankText
        }
    }
}
