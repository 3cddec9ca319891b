import NGrams
public import Runs
import Tasks
public import TextData

/// Scores a text with the interpolation of a network with n-grams, in one process.
final class InterpolatedScorer: TextScorer {
    private let network: any TextScorer
    private let mixture: Interpolation
    private var context: NGramContext
    private var total: TextScore
    /// The predicted tokens of the piece.
    private var targets: [Int32] = []
    /// The surprisals of both models; nil if they are not kept.
    private(set) var pairs: PairedSurprisals?

    /// - Parameter network: a scorer of the network that has a value for each predicted token of a piece.
    init(_ network: any TextScorer, _ stored: StoredModel, _ mixture: Interpolation, recordsPairs: Bool = false) {
        self.network = network
        self.mixture = mixture
        context = NGramContext(mixture.nGrams)
        total = TextScore(stored.symbols.special)
        pairs = recordsPairs ? PairedSurprisals() : nil
    }

    var pieceLength: Int { network.pieceLength }

    var score: any TaskScore { total }

    func values(_ piece: UnsafeBufferPointer<Int32>, isLast: Bool, share: ScoringShare) throws(TextDataError) -> [Double] {
        precondition(share.count == 1, "\(share.count) processes share an interpolation")
        var values = try network.values(piece, isLast: isLast, share: share)
        // The first token of a stream, which is not predicted, is part of the context.
        for token in piece.dropLast(values.count) { _ = context.surprisal(of: mixture.word(token)) }
        targets = Array(piece.suffix(values.count))
        for (index, token) in targets.enumerated() {
            let nGrams = context.surprisal(of: mixture.word(token))
            pairs?.append(network: values[index], nGrams: nGrams)
            values[index] = mixture.surprisal(network: values[index], nGrams: nGrams)
        }
        return values
    }

    func add(_ parts: [ArraySlice<Double>]) { total.add(Array(parts.joined()), of: targets, count: targets.count) }
}

extension Interpolation {
    /// The surprisals of both models for each token of a text, which is scored as by `TaskEvaluation`. Throws the errors of the text.
    ///
    /// - Parameter adaptation: what predicts the text with the network; its mixture is not used.
    public func surprisals(
        of text: OpenedText, model stored: StoredModel, adaptation: Adaptation = Adaptation()
    ) throws -> PairedSurprisals {
        var adaptation = adaptation
        adaptation.mixture = nil
        let scorer = InterpolatedScorer(
            try adaptation.scorer(stored, skippingUnknown: false).scorer, stored, self, recordsPairs: true)
        _ = try TaskEvaluation(of: text, stored, skippingUnknown: false, scorer: scorer)
        return scorer.pairs ?? PairedSurprisals()
    }

    /// The same for a text whose lines are scored each by itself, as by `BatchedScorer`.
    public func surprisalsByLine(of text: OpenedText, model stored: StoredModel) throws -> PairedSurprisals {
        var pairs = PairedSurprisals()
        try BatchedScorer(stored).score(text) { line in
            var context = NGramContext(nGrams)
            for token in line.tokens {
                pairs.append(network: token.surprisal, nGrams: context.surprisal(of: word(token.id)))
            }
        }
        return pairs
    }
}
