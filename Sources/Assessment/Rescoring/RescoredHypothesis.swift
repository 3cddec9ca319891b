import Tasks

/// The score of a language model for a hypothesis.
public struct RescoredHypothesis: Sendable, Equatable {
    /// log P of the text with its line end, in nats.
    public let logProbability: Double
    /// The number of tokens, with the line end.
    public let tokenCount: Int
    /// The number of tokens outside the vocabulary, which are scored as `<unk>`.
    public let unknownCount: Int
    /// The combined score: higher is better.
    public internal(set) var total: Double

    package init(logProbability: Double, tokenCount: Int, unknownCount: Int, total: Double = 0) {
        (self.logProbability, self.tokenCount) = (logProbability, tokenCount)
        (self.unknownCount, self.total) = (unknownCount, total)
    }

    /// The perplexity per token.
    public var perplexity: Double { exponential(-logProbability / Double(max(1, tokenCount))) }
}

/// The weights of a combined score: `acoustic + weight * log P + lengthBonus * words`, in nats.
public struct RescoringWeights: Sendable, Equatable {
    /// Multiplies log P of the language model.
    public var weight: Double
    /// Added for each word.
    public var lengthBonus: Double

    public init(weight: Double, lengthBonus: Double) { (self.weight, self.lengthBonus) = (weight, lengthBonus) }

    /// The score of the recogniser alone.
    public static let acousticOnly = RescoringWeights(weight: 0, lengthBonus: 0)

    func total(_ hypothesis: Hypothesis, wordCount: Int, logProbability: Double) -> Double {
        guard let acoustic = hypothesis.acoustic else { return logProbability }
        return acoustic + weight * logProbability + lengthBonus * Double(wordCount)
    }
}
