import Models
public import Runs
import Tensors
import TextData

/// Finds probable continuations of a prompt: at each token, the `width` most probable texts are kept (Lowerre 1976).
///
/// Texts are compared by `log P / ((5 + n) / 6)^penalty`, with the number n of their generated tokens, the end of a line included: with the
/// penalty 0 by log P. Of equal texts that have ended, only the one with the greatest value is kept: their probabilities are not added, because
/// a sum has no number n. Equal texts of different tokens that may continue are all kept. After the last token, every text has ended. `<unk>` is
/// never generated. Source of the normalisation: Wu et al. 2016 (GNMT), equation 14, without the coverage penalty.
public struct BeamSearch {
    /// A text that was found.
    public struct Found: Sendable {
        /// The generated text without the prompt, up to a stop string or a line end.
        public fileprivate(set) var text: [UInt8] = []
        /// The sum over the generated tokens, in nats.
        public fileprivate(set) var logProbability = 0.0
        /// The number of generated tokens, with a line end.
        public fileprivate(set) var tokenCount = 0
        /// Whether it reached a stop string or a line end.
        public fileprivate(set) var isEnded = false
    }

    /// The texts of a search.
    public struct Outcome: Sendable {
        /// Different texts, best first.
        public let texts: [Found]
        /// Whether the beam was never full, so that these are all texts that exist.
        public let isComplete: Bool
    }

    /// A text in the beam.
    private struct Hypothesis {
        var found = Found()
        var last: Int32
        /// The values of every state before `last` is read.
        var states: [[Float]]
        var decoder: TokenDecoder
        var filter: StopFilter
    }

    /// A text in the beam with one more token.
    private struct Extension {
        let hypothesis: Int
        /// Nil: the text has ended.
        let token: Int32?
        let logProbability: Double
        /// What the texts are compared by.
        let score: Double
        /// Orders equally probable texts.
        let number: Int
    }

    private let stored: StoredModel
    private let width: Int
    private let stops: [String]
    private let endsAtLineEnd: Bool
    private let lengthPenalty: Double

    /// - Parameters:
    ///   - model: a model with windows of one step or more.
    ///   - stops: strings that end a text.
    ///   - endsAtLineEnd: whether a line end ends a text.
    ///   - lengthPenalty: the exponent of the normalisation by length.
    public init(model: StoredModel, width: Int, stops: [String], endsAtLineEnd: Bool, lengthPenalty: Double = 0) {
        (stored, self.width, self.stops, self.endsAtLineEnd) = (model, width, stops, endsAtLineEnd)
        self.lengthPenalty = lengthPenalty
    }

    /// The texts of the beam after up to `length` tokens: at most `width`.
    ///
    /// Throws `StoredRunError.overflow` if a logit is not finite.
    public func search(after prompt: [Int32], length: Int) throws(StoredRunError) -> Outcome {
        var beam = [start(prompt)]
        var isComplete = true
        for place in 0..<length where beam.contains(where: { !$0.found.isEnded }) {
            let isLast = place == length - 1
            var extensions: [Extension] = []
            for index in beam.indices { try extend(&beam[index], index, place: place, isLast: isLast, into: &extensions) }
            extensions.sort { a, b in
                a.score != b.score ? a.score > b.score : a.number < b.number
            }
            beam = best(of: extensions, beam, isLast: isLast)
            if beam.count == width { isComplete = false }
        }
        return Outcome(texts: beam.map(\.found), isComplete: isComplete)
    }

    /// The first `width` extensions without those that end with the text of an earlier one.
    private func best(of extensions: [Extension], _ beam: [Hypothesis], isLast: Bool) -> [Hypothesis] {
        var kept: [Hypothesis] = []
        var endings: Set<[UInt8]> = []
        for step in extensions {
            let next = apply(step.token, step.logProbability, to: beam[step.hypothesis], isLast: isLast)
            if isLast || next.found.isEnded, !endings.insert(next.found.text).inserted { continue }
            kept.append(next)
            if kept.count == width { break }
        }
        return kept
    }

    private func start(_ prompt: [Int32]) -> Hypothesis {
        stored.model.resetState()
        var decoder = TokenDecoder(stored.vocabulary)
        var ignored: [UInt8] = []
        for token in prompt { decoder.append(token, to: &ignored) }
        let inputs = endsAtLineEnd || stored.separatesLines || prompt.isEmpty ? [stored.startToken] + prompt : prompt
        for token in inputs.dropLast() { read(token) }
        var first = Hypothesis(
            last: inputs.last ?? stored.startToken, states: states(), decoder: decoder, filter: StopFilter(stops))
        first.found.isEnded = endsAtLineEnd && prompt.last.map { $0 == stored.vocabulary.lineEndID } ?? false
        return first
    }

    /// Reads the last token of a text, and appends its most probable continuations to `extensions`.
    private func extend(
        _ hypothesis: inout Hypothesis, _ index: Int, place: Int, isLast: Bool, into extensions: inout [Extension]
    ) throws(StoredRunError) {
        let (before, count) = (hypothesis.found.logProbability, hypothesis.found.tokenCount)
        func add(_ token: Int32?, _ logProbability: Double, tokens: Int) {
            extensions.append(
                Extension(
                    hypothesis: index, token: token, logProbability: logProbability,
                    score: logProbability / normaliser(tokens: tokens), number: extensions.count))
        }
        guard !hypothesis.found.isEnded else { return add(nil, before, tokens: count) }
        for (state, values) in zip(stored.model.states, hypothesis.states) {
            state.matrix.pointer.update(from: values, count: values.count)
        }
        read(hypothesis.last)
        hypothesis.states = states()
        let row = try logits(place: place)
        let logSum = withUnsafeTemporaryAllocation(of: Float.self, capacity: row.count) { exponentials in
            LogitRow.logNormalizer(row.baseAddress!, count: row.count, exponentials: exponentials.baseAddress!)
        }
        for token in continuations(of: hypothesis, row, isLast: isLast) {
            add(Int32(token), before + (Double(row[token]) - logSum), tokens: count + 1)
        }
    }

    /// What log P of a text of this length is divided by; 1 for a text of one token.
    private func normaliser(tokens: Int) -> Double {
        RowKernels.exp(lengthPenalty * RowKernels.log(Double(5 + tokens) / 6))
    }

    /// A text with one more token; with nil, the text that has ended. `isLast`: no token follows.
    private func apply(_ token: Int32?, _ logProbability: Double, to hypothesis: Hypothesis, isLast: Bool) -> Hypothesis {
        guard let token else { return hypothesis }
        var hypothesis = hypothesis
        hypothesis.found.logProbability = logProbability
        hypothesis.found.tokenCount += 1
        hypothesis.last = token
        if endsAtLineEnd, token == stored.vocabulary.lineEndID {
            hypothesis.found.isEnded = true
        } else {
            var text: [UInt8] = []
            hypothesis.decoder.append(token, to: &text)
            hypothesis.found.text += hypothesis.filter.pass(text)
        }
        if isLast || hypothesis.found.isEnded { hypothesis.found.text += hypothesis.filter.rest(of: &hypothesis.decoder) }
        if hypothesis.filter.isStopped { hypothesis.found.isEnded = true }
        return hypothesis
    }

    private func logits(place: Int) throws(StoredRunError) -> UnsafeBufferPointer<Float> {
        let logits = stored.model.logits()
        let row = UnsafeBufferPointer(start: UnsafePointer(logits.pointer), count: logits.columns)
        guard row.allSatisfy(\.isFinite) else {
            throw .overflow(checkpoint: stored.path, place: "generated token \(place + 1)")
        }
        return row
    }

    /// The `width` most probable tokens, in descending order, without those that end the text as a more probable one does.
    private func continuations(of hypothesis: Hypothesis, _ row: UnsafeBufferPointer<Float>, isLast: Bool) -> [Int] {
        let best = mostProbable(row)
        // Without stop strings, only a line end ends a text before the last token.
        guard isLast || !stops.isEmpty else { return best }
        let kept = differing(best, after: hypothesis, isLast: isLast)
        if kept.count == best.count { return kept }
        let all = row.indices.filter { $0 != stored.vocabulary.unknownID.map(Int.init) }
        return differing(
            all.sorted { row[$0] != row[$1] ? row[$0] > row[$1] : $0 < $1 }, after: hypothesis, isLast: isLast)
    }

    /// The first `width` of `tokens` without those that end the text as an earlier one does.
    private func differing(_ tokens: [Int], after hypothesis: Hypothesis, isLast: Bool) -> [Int] {
        var endings: Set<[UInt8]> = []
        var kept: [Int] = []
        for token in tokens {
            let next = apply(Int32(token), 0, to: hypothesis, isLast: isLast).found
            if isLast || next.isEnded, !endings.insert(next.text).inserted { continue }
            kept.append(token)
            if kept.count == width { break }
        }
        return kept
    }

    /// The `width` most probable tokens, in descending order; of equal logits, the first ones.
    ///
    /// Tokens are compared by their logits, as in greedy decoding: two logits that differ may have equal log P after rounding.
    private func mostProbable(_ row: UnsafeBufferPointer<Float>) -> [Int] {
        var best: [Int] = []
        for index in row.indices where index != stored.vocabulary.unknownID.map(Int.init) {
            if best.count == width, let last = best.last, row[index] <= row[last] { continue }
            let place = best.firstIndex { row[$0] < row[index] } ?? best.count
            best.insert(index, at: place)
            if best.count > width { best.removeLast() }
        }
        return best
    }

    private func read(_ token: Int32) {
        stored.model.read(token, lineEnd: stored.separatesLines ? stored.vocabulary.lineEndID : nil)
    }

    private func states() -> [[Float]] {
        stored.model.states.map { Array(UnsafeBufferPointer(start: $0.matrix.pointer, count: $0.matrix.count)) }
    }
}
