import Models
import NGrams
public import Runs
public import Tasks
import Tensors
public import TextData

/// Scores a text line by line: the surprisal, entropy and rank of each token.
///
/// Each line is scored independently, from the initial state and as after a line end. Alternatively, the state is carried from
/// line to line, which gives the losses of `Evaluation`.
public final class LineScorer: TokenScorer {
    private let stored: StoredModel
    private let model: LanguageModel
    private let carriesState: Bool
    private let mask: UnsafeMutablePointer<Float>  // [windowLength], ones
    private let exponentials: UnsafeMutablePointer<Float>  // [V]
    private let mixture: Interpolation?
    /// With `mixture`: the probabilities of the mixture, then those of the n-grams. `[2, V]`
    private let probabilities: UnsafeMutablePointer<Double>
    private var context: NGramContext?
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

    /// - Parameters:
    ///   - stored: a model with windows of `windowLength` steps.
    ///   - mixture: if given, the probabilities are those of the interpolation of `stored` with n-grams.
    public init(_ stored: StoredModel, carriesState: Bool, interpolating mixture: Interpolation? = nil) {
        self.stored = stored
        self.mixture = mixture
        context = mixture.map { NGramContext($0.nGrams) }
        probabilities = workspace.allocate(Double.self, count: mixture == nil ? 0 : 2 * stored.vocabulary.size)
        model = stored.model
        self.carriesState = carriesState
        mask = workspace.allocate(Float.self, count: Self.windowLength)
        mask.update(repeating: 1, count: Self.windowLength)
        exponentials = workspace.allocate(Float.self, count: stored.vocabulary.size)
        total = TextScore(SpecialTokens(stored.vocabulary))
        model.resetState()
    }

    public var vocabulary: Vocabulary { stored.vocabulary }

    /// Scores the next line.
    public func score(_ line: EncodedLine) -> ScoredLine {
        lineCount += 1
        tokenCount += line.tokens.count
        context?.startLine()
        var tokens: [ScoredToken] = []
        tokens.reserveCapacity(line.tokens.count)
        for sequence in sequences(line.tokens) {
            if !carriesState {
                model.resetState()
                previous = stored.startToken
            }
            score(sequence, into: &tokens)
        }
        return ScoredLine(number: lineCount, line: line, tokens: tokens)
    }

    /// The sequences of a line. For a model that was trained on lines, a word `<eos>` ends a sequence, as in training and in
    /// `Evaluation`.
    private func sequences(_ tokens: [Int32]) -> [ArraySlice<Int32>] {
        guard stored.separatesLines, let lineEnd = stored.vocabulary.lineEndID else { return [tokens[...]] }
        var sequences: [ArraySlice<Int32>] = []
        var rest = tokens[...]
        while let end = rest.firstIndex(of: lineEnd) {
            sequences.append(rest[...end])
            rest = rest[(end + 1)...]
        }
        return rest.isEmpty ? sequences : sequences + [rest]
    }

    private func score(_ sequence: ArraySlice<Int32>, into tokens: inout [ScoredToken]) {
        let inputs = (previous.map { [$0] } ?? []) + sequence
        if previous == nil, let mixture, let first = sequence.first {
            // The first token is not predicted, but part of the context.
            _ = context?.surprisal(of: mixture.word(first))
        }
        let firstPosition = tokens.count + (previous == nil ? 2 : 1)
        previous = inputs.last ?? previous
        inputs.withUnsafeBufferPointer { inputs in
            guard let first = inputs.baseAddress else { return }
            for start in stride(from: 0, to: inputs.count - 1, by: Self.windowLength) {
                let steps = min(Self.windowLength, inputs.count - 1 - start)
                score(first + start, steps: steps, firstPosition: firstPosition + start, into: &tokens)
            }
        }
    }

    /// Shape: `inputs` `[steps + 1]`. All but the first are predicted.
    private func score(_ inputs: UnsafePointer<Int32>, steps: Int, firstPosition: Int, into tokens: inout [ScoredToken]) {
        model.forward(inputs, steps: steps)
        let losses = model.loss(ofRows: 0..<steps, targets: inputs + 1, mask: mask)
        let logits = model.logits()
        if mixture == nil { total.add(losses, of: inputs + 1, count: steps) }
        for step in 0..<steps {
            let row = UnsafePointer(logits.pointer + step * logits.rowStride)
            let id = inputs[step + 1]
            if let mixture {
                tokens.append(mixedToken(row, id, losses[step], position: firstPosition + step, mixture))
                continue
            }
            tokens.append(
                ScoredToken(
                    position: firstPosition + step, id: id, surprisal: losses[step],
                    entropy: LogitRow.entropy(row, count: logits.columns, exponentials: exponentials),
                    rank: LogitRow.rank(of: Int(id), row, count: logits.columns),
                    isUnknown: id == stored.vocabulary.unknownID))
        }
        model.carryState(steps: steps)
    }

    /// The figures of a token in the interpolation. `loss` is that of the network, `row` its logits `[V]`.
    private func mixedToken(
        _ row: UnsafePointer<Float>, _ id: Int32, _ loss: Double, position: Int, _ mixture: Interpolation
    ) -> ScoredToken {
        let size = stored.vocabulary.size
        let nGrams = probabilities + size
        context?.distribution(into: nGrams)
        // log Z, from the loss and the logit of this token.
        let normalizer = loss + Double(row[Int(id)])
        for word in 0..<size {
            let network = exponential(Double(row[word]) - normalizer)
            probabilities[word] = mixture.weight * network + (1 - mixture.weight) * nGrams[Int(mixture.word(Int32(word)))]
        }
        let surprisal = mixture.surprisal(network: loss, nGrams: context?.surprisal(of: mixture.word(id)) ?? 0)
        total.add(surprisal, of: id)
        let figures = Distribution(probabilities, count: size)
        return ScoredToken(
            position: position, id: id, surprisal: surprisal, entropy: figures.entropy, rank: figures.rank(of: Int(id)),
            isUnknown: id == stored.vocabulary.unknownID)
    }
}
