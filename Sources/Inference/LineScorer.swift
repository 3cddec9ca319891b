import Models
public import Runs
public import Tasks
import Tensors
public import TextData

/// Scores a text line by line: the surprisal, entropy and rank of each token.
///
/// Each line is scored independently, from the initial state and as after a line end. Alternatively, the state is carried from
/// line to line, which gives the losses of `Evaluation`.
public final class LineScorer {
    private let stored: StoredModel
    private let model: LanguageModel
    private let carriesState: Bool
    private let mask: UnsafeMutablePointer<Float>  // [windowLength], ones
    private let exponentials: UnsafeMutablePointer<Float>  // [V]
    private let workspace = Workspace()
    /// The token before the next token; nil at the start of a text with carried state.
    private var previous: Int32?
    /// The number of lines so far.
    public private(set) var lineCount = 0
    /// The number of tokens so far, including a first token that is not scored.
    public private(set) var tokenCount = 0
    /// The score of all lines so far.
    public private(set) var total: TextScore

    /// Steps of a window. The figures do not depend on it.
    public static let windowLength = 64

    /// - Parameter stored: a model with windows of `windowLength` steps.
    public init(_ stored: StoredModel, carriesState: Bool) {
        self.stored = stored
        model = stored.model
        self.carriesState = carriesState
        mask = workspace.allocate(Float.self, count: Self.windowLength)
        mask.update(repeating: 1, count: Self.windowLength)
        exponentials = workspace.allocate(Float.self, count: stored.vocabulary.size)
        total = TextScore(SpecialTokens(stored.vocabulary))
        model.resetState()
    }

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
        try stored.vocabulary.encodeLines(source, skipping: characters) { line in
            guard failure == nil else { return }
            do { try body(score(line)) } catch { failure = error }
        }
        if let failure { throw failure }
        guard total.tokens > 0 else { throw TextDataError.textTooShort(source: text.name, tokenCount: tokenCount) }
    }

    /// Scores the next line.
    public func score(_ line: EncodedLine) -> ScoredLine {
        lineCount += 1
        tokenCount += line.tokens.count
        if !carriesState {
            model.resetState()
            previous = stored.startToken
        }
        var inputs = line.tokens
        if let previous { inputs.insert(previous, at: 0) }
        let firstPosition = previous == nil ? 2 : 1
        previous = inputs.last ?? previous
        var tokens: [ScoredToken] = []
        tokens.reserveCapacity(inputs.count)
        inputs.withUnsafeBufferPointer { inputs in
            guard let first = inputs.baseAddress else { return }
            for start in stride(from: 0, to: inputs.count - 1, by: Self.windowLength) {
                let steps = min(Self.windowLength, inputs.count - 1 - start)
                score(first + start, steps: steps, firstPosition: firstPosition + start, into: &tokens)
            }
        }
        return ScoredLine(number: lineCount, line: line, tokens: tokens)
    }

    /// Shape: `inputs` `[steps + 1]`. All but the first are predicted.
    private func score(_ inputs: UnsafePointer<Int32>, steps: Int, firstPosition: Int, into tokens: inout [ScoredToken]) {
        model.forward(inputs, steps: steps)
        let losses = model.loss(ofRows: 0..<steps, targets: inputs + 1, mask: mask)
        total.add(losses, of: inputs + 1, count: steps)
        let logits = model.logits()
        for step in 0..<steps {
            let row = UnsafePointer(logits.pointer + step * logits.rowStride)
            let id = inputs[step + 1]
            tokens.append(
                ScoredToken(
                    position: firstPosition + step, id: id, surprisal: losses[step],
                    entropy: LogitRow.entropy(row, count: logits.columns, exponentials: exponentials),
                    rank: LogitRow.rank(of: Int(id), row, count: logits.columns),
                    isUnknown: id == stored.vocabulary.unknownID))
        }
        model.carryState(steps: steps)
    }
}
