import Inference
import Runs
import Tasks
public import TextData

/// An n-best list with the scores of a language model.
public struct Rescoring: Sendable {
    /// The hypotheses.
    public let list: NBestList
    /// The scores of the hypotheses, in their order.
    public private(set) var scores: [RescoredHypothesis]
    private let wordCounts: [Int]

    package init(_ list: NBestList, scores: [RescoredHypothesis]) {
        (self.list, self.scores) = (list, scores)
        wordCounts = list.hypotheses.map(\.wordCount)
    }

    /// Scores the hypotheses, each as a line by itself. Throws if the numbers of the model overflow, and for a text that the model
    /// cannot read.
    ///
    /// - Parameter characters: collects characters that are not in the vocabulary, and are skipped; nil if they are errors.
    public init(_ list: NBestList, model: ScoringModel, skipping characters: SkippedCharacters?) throws {
        let scorer = model.lineScorer()
        var scores: [RescoredHypothesis] = []
        let place = { (index: Int) in "line \(list.hypotheses[index].line)" }
        try scorer.score(sentences: list.hypotheses.map(\.text), named: list.name, place: place, skipping: characters) {
            _, line in
            try scorer.total.requireFinite(model: model.path, text: list.name)
            scores.append(
                RescoredHypothesis(
                    logProbability: 0 - line.surprisal, tokenCount: line.tokens.count, unknownCount: line.unknownCount))
        }
        self.init(list, scores: scores)
    }

    /// Computes the combined scores.
    public mutating func combine(_ weights: RescoringWeights) {
        for index in scores.indices { scores[index].total = total(index, weights) }
    }

    private func total(_ index: Int, _ weights: RescoringWeights) -> Double {
        weights.total(list.hypotheses[index], wordCount: wordCounts[index], logProbability: scores[index].logProbability)
    }

    // MARK: Word error rate

    /// The word error rates of the best hypotheses, against references in the order of the utterances.
    public struct Rates: Sendable, Equatable {
        /// By the acoustic score alone.
        public let acoustic: WordErrors
        /// By the combined score.
        public let combined: WordErrors
        /// Of the hypotheses with the fewest errors.
        public let oracle: WordErrors
    }

    /// The word error rates with these weights. The words of `list.unmatched` count as deleted, as scoring tools count them.
    public func rates(_ weights: RescoringWeights, references: [String]) -> Rates {
        let errors = errors(references)
        let deleted = list.unmatched.words
        let words = references.reduce(deleted) { $0 + $1.words.count }
        let oracle = list.alternatives.reduce(deleted) { sum, indices in sum + (indices.map { errors[$0] }.min() ?? 0) }
        let alternatives = list.alternatives
        return Rates(
            acoustic: WordErrors(errors: deleted + errorCount(.acousticOnly, errors, alternatives), words: words),
            combined: WordErrors(errors: deleted + errorCount(weights, errors, alternatives), words: words),
            oracle: WordErrors(errors: oracle, words: words))
    }

    /// The weights with the fewest errors against `references`: a grid of weights from 0 to 10 and of bonuses from -5 to 5, and a finer grid around its best point.
    ///
    /// The finer grid also has the weight 0 and the bonus 0, so that it compares its best weight with a bonus alone. Of equally good weights, the
    /// smallest weight and then the bonus nearest to 0 is taken, so the result is never worse than the acoustic score alone.
    public func tuned(references: [String]) -> RescoringWeights {
        let (errors, alternatives) = (errors(references), list.alternatives)
        let coarse = best(
            (0...20).map { Double($0) / 10 } + [2.5, 3, 4, 5, 7, 10], bonuses(around: 0, step: 0.5), errors, alternatives)
        let near = (-5...5).map { max(0, Self.decimal(coarse.weight + Double($0) / 50)) }
        return best([0] + near, [0] + bonuses(around: coarse.lengthBonus, step: 0.1), errors, alternatives)
    }

    private func bonuses(around center: Double, step: Double) -> [Double] {
        (-10...10).map { Self.decimal(center + Double($0) * step) }
    }

    /// The number with two decimals, so that its text has no more.
    private static func decimal(_ value: Double) -> Double { (value * 100).rounded() / 100 }

    private func best(_ weights: [Double], _ bonuses: [Double], _ errors: [Int], _ alternatives: [[Int]]) -> RescoringWeights {
        var (found, fewest) = (RescoringWeights.acousticOnly, Int.max)
        let nearest = bonuses.sorted { abs($0) != abs($1) ? abs($0) < abs($1) : $0 < $1 }
        for weight in weights.sorted() {
            for bonus in nearest {
                let weights = RescoringWeights(weight: weight, lengthBonus: bonus)
                let count = errorCount(weights, errors, alternatives)
                if count < fewest { (found, fewest) = (weights, count) }
            }
        }
        return found
    }

    /// The errors of each hypothesis.
    private func errors(_ references: [String]) -> [Int] {
        list.hypotheses.map { WordErrors.errors(of: $0.text, reference: references[$0.utterance]) }
    }

    /// The errors of the best hypotheses. Of equally good ones the first counts.
    private func errorCount(_ weights: RescoringWeights, _ errors: [Int], _ alternatives: [[Int]]) -> Int {
        var count = 0
        for indices in alternatives {
            var (best, highest) = (indices[0], -Double.infinity)
            for index in indices {
                let total = total(index, weights)
                if total > highest { (best, highest) = (index, total) }
            }
            count += errors[best]
        }
        return count
    }
}
