import NGrams
public import Runs
public import Tasks
public import TextData

/// Scores a text line by line: the surprisal, entropy and rank of each token.
///
/// Each line is scored independently, from the initial state and as after a line end. Alternatively, the state is carried from
/// line to line, which gives the losses of `Evaluation`.
public final class LineScorer: SerialScorer {
    private let stored: StoredModel
    private let batch: LineBatch
    private let carriesState: Bool
    private let mixture: Interpolation?
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

    /// - Parameters:
    ///   - stored: a model with windows of `windowLength` steps.
    ///   - mixture: if given, the probabilities are those of the interpolation of `stored` with n-grams.
    public init(_ stored: StoredModel, carriesState: Bool, interpolating mixture: Interpolation? = nil) {
        self.stored = stored
        self.carriesState = carriesState
        self.mixture = mixture
        batch = LineBatch(stored.model, of: stored, interpolating: mixture)
        total = TextScore(stored.symbols.special)
    }

    /// The symbols of the model.
    public var vocabulary: Vocabulary { stored.vocabulary }

    public var separatesLines: Bool { !carriesState }

    /// Scores the next line.
    public func score(_ line: EncodedLine) -> ScoredLine {
        lineCount += 1
        tokenCount += line.tokens.count
        var tokens: [ScoredToken] = []
        for sequence in stored.sequences(line.tokens) {
            if !carriesState {
                batch.reset()
                previous = stored.startToken
            }
            var lines = [PendingLine(sequence, after: previous, mixture)]
            previous = sequence.last ?? previous
            batch.score(&lines)
            tokens += lines[0].tokens
        }
        for token in tokens { total.add(token.surprisal, of: token.id) }
        return ScoredLine(number: lineCount, line: line, tokens: tokens)
    }
}

extension StoredModel {
    /// The sequences of a line, whose indices are those of the line. For a model that was trained on lines, a word `<eos>` ends a sequence, as in
    /// training and in `Evaluation`.
    func sequences(_ tokens: [Int32]) -> [ArraySlice<Int32>] {
        if tokens.isEmpty { return [] }
        guard separatesLines, let lineEnd = vocabulary.lineEndID else { return [tokens[...]] }
        var sequences: [ArraySlice<Int32>] = []
        var rest = tokens[...]
        while let end = rest.firstIndex(of: lineEnd) {
            sequences.append(rest[...end])
            rest = rest[(end + 1)...]
        }
        return rest.isEmpty ? sequences : sequences + [rest]
    }
}

extension PendingLine {
    /// - Parameter previous: the token before the sequence; nil if there is none, so that the first token is not predicted.
    init(_ sequence: ArraySlice<Int32>, after previous: Int32?, _ mixture: Interpolation?) {
        var context = mixture.map { NGramContext($0.nGrams) }
        // A first token that is not predicted is part of the context.
        if previous == nil, let mixture, let first = sequence.first { _ = context?.surprisal(of: mixture.word(first)) }
        self.init(
            inputs: (previous.map { [$0] } ?? []) + sequence, firstPosition: sequence.startIndex + (previous == nil ? 2 : 1),
            context: context)
    }
}
