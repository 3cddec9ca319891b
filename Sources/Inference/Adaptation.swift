public import Models
import Runs
import Tasks
import Tensors
import TextData

/// What `evaluate` does beyond scoring a text with the trained parameters: models that learn from the text so far, and interpolation.
public struct Adaptation {
    /// Dynamic evaluation; nil for fixed parameters.
    public var dynamic: DynamicEvaluation?
    /// The path of the text whose gradients scale the updates of dynamic evaluation with an epsilon.
    public var statistics: String?
    /// A continuous cache; nil for none.
    public var cache: CacheSettings?
    /// The interpolation with n-grams, of what the others give; nil for none.
    public var mixture: Interpolation?

    /// The given methods together.
    public init(
        dynamic: DynamicEvaluation? = nil, statistics: String? = nil, cache: CacheSettings? = nil, mixture: Interpolation? = nil
    ) {
        (self.dynamic, self.statistics, self.cache, self.mixture) = (dynamic, statistics, cache, mixture)
    }

    /// A scorer of a text with the methods, and what `evaluate` tells of it.
    struct Scorer {
        var scorer: any TextScorer
        /// The part that learns; nil without dynamic evaluation.
        var learner: DynamicScorer?
        /// Characters of the text of the statistics that were skipped.
        var skipped = UnknownSymbols()
    }

    /// A scorer of a text. Throws if the model cannot be used so, and `RunCheckError` (70) if a limit of the process is too low.
    ///
    /// - Parameter skippingUnknown: whether characters of the text of the statistics that are not in a vocabulary without `<unk>` are skipped,
    ///   instead of an error.
    func scorer(_ stored: StoredModel, skippingUnknown: Bool) throws -> Scorer {
        var skipped = UnknownSymbols()
        var scorer = stored.scorer()
        var model = stored.model
        var learner: DynamicScorer?
        if let dynamic {
            let learning = try stored.dynamicModel(dynamic)
            model = learning.model
            if let statistics { skipped = try observe(statistics, learning, dynamic, stored, skippingUnknown: skippingUnknown) }
            let dynamic = DynamicScorer(learning, dynamic, stored)
            (scorer, learner) = (dynamic, dynamic)
        }
        if let cache {
            try stored.requireStream(for: "--cache")
            let columns = stored.shape.inputSize(ofLayer: stored.shape.layers)
            try ProcessRoom.require(bytes: ContinuousCache.byteCount(cache, columns: columns))
            scorer = CachedScorer(scorer, model, ContinuousCache(cache, columns: columns), stored)
        }
        if let mixture { scorer = InterpolatedScorer(scorer, stored, mixture) }
        return Scorer(scorer: scorer, learner: learner, skipped: skipped)
    }

    /// Collects the mean squares of the gradients of a text. Returns the characters that were skipped.
    private func observe(
        _ path: String, _ model: DynamicModel, _ settings: DynamicEvaluation, _ stored: StoredModel, skippingUnknown: Bool
    ) throws -> UnknownSymbols {
        let scorer = DynamicScorer(model, settings, stored, learns: false)
        let evaluation = try TaskEvaluation(
            of: OpenedText(path: path, unit: stored.unit), stored, skippingUnknown: skippingUnknown, scorer: scorer)
        model.endObservation()
        return evaluation.skipped
    }
}

/// Scores a text as one stream with dynamic evaluation, in one process.
final class DynamicScorer: TextScorer {
    private let model: DynamicModel
    private var total: TextScore
    private var last: Int32?
    /// The predicted tokens of the piece.
    private var targets: [Int32] = []
    let pieceLength: Int
    private let learns: Bool
    private(set) var losses: DynamicLosses

    /// - Parameter learns: whether the model learns from the text; otherwise it observes the gradients only.
    init(_ model: DynamicModel, _ settings: DynamicEvaluation, _ stored: StoredModel, learns: Bool = true) {
        (self.model, self.learns) = (model, learns)
        pieceLength = settings.window
        total = TextScore(stored.symbols.special)
        losses = DynamicLosses(vocabularySize: stored.vocabulary.size)
    }

    var score: any TaskScore { total }

    func values(_ piece: UnsafeBufferPointer<Int32>, isLast: Bool, share: ScoringShare) -> [Double] {
        precondition(share.count == 1, "\(share.count) processes share a dynamic evaluation")
        let inputs = (last.map { [$0] } ?? []) + piece
        last = inputs.last
        targets = Array(inputs.dropFirst())
        guard !targets.isEmpty else { return [] }
        return inputs.withUnsafeBufferPointer {
            let steps = targets.count
            let found =
                learns ? model.advance($0.baseAddress!, steps: steps) : model.observe($0.baseAddress!, steps: steps)
            let values = Array(UnsafeBufferPointer(start: found, count: steps))
            losses.add(values)
            return values
        }
    }

    func add(_ parts: [ArraySlice<Double>]) { total.add(Array(parts.joined()), of: targets, count: targets.count) }
}

/// Scores a text as one stream with a model and a continuous cache, in one process.
final class CachedScorer: TextScorer {
    private let network: any TextScorer
    private let model: SequenceModel
    private var cache: ContinuousCache
    private var total: TextScore
    /// The predicted tokens of the piece.
    private var targets: [Int32] = []

    /// - Parameters:
    ///   - network: a scorer whose piece is one window of `model`.
    init(_ network: any TextScorer, _ model: SequenceModel, _ cache: ContinuousCache, _ stored: StoredModel) {
        (self.network, self.model, self.cache) = (network, model, cache)
        total = TextScore(stored.symbols.special)
    }

    var pieceLength: Int { network.pieceLength }
    var score: any TaskScore { total }

    func values(_ piece: UnsafeBufferPointer<Int32>, isLast: Bool, share: ScoringShare) throws(TextDataError) -> [Double] {
        precondition(share.count == 1, "\(share.count) processes share a cache")
        var values = try network.values(piece, isLast: isLast, share: share)
        targets = Array(piece.suffix(values.count))
        guard !values.isEmpty else { return values }
        let outputs = model.output
        precondition(outputs.rows == values.count, "\(outputs.rows) outputs for \(values.count) tokens")
        for (row, token) in targets.enumerated() {
            values[row] = cache.surprisal(of: token, loss: values[row], output: outputs.pointer + row * outputs.rowStride)
        }
        return values
    }

    func add(_ parts: [ArraySlice<Double>]) { total.add(Array(parts.joined()), of: targets, count: targets.count) }
}
