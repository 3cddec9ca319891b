import Failures
package import TextData

/// The symbols of a vocabulary that stand for no symbol of a text.
package struct SpecialTokens: Codable, Equatable, Sendable {
    /// `<unk>`, for what is outside the vocabulary; nil where the vocabulary has none.
    package var unknown: Int32?
    /// `<eos>`; nil where the vocabulary has none.
    package var endOfLine: Int32?
    /// What ends a line of the text: `<eos>`, or the line feed.
    package var lineEnd: Int32?

    package init(_ vocabulary: Vocabulary) {
        unknown = vocabulary.unknownID
        endOfLine = vocabulary.endOfLineID
        lineEnd = vocabulary.lineEndID
    }
}

/// A model's score on a text: the losses of its tokens, added in the order of the text, so that the sums do not depend on how the text was
/// cut or divided.
public struct TextScore: Sendable, Equatable {
    /// Tokens that were predicted: all but the first.
    public private(set) var tokens = 0
    /// How many of them are outside the vocabulary (OOVs): the model predicted `<unk>`.
    public private(set) var unknownTokens = 0
    /// Nats over all of them.
    private var sum = 0.0
    /// Nats over those in the vocabulary.
    private var knownSum = 0.0
    /// Tokens in the vocabulary that are no `<eos>`.
    private var knownSymbols = 0
    private let special: SpecialTokens

    package init(_ special: SpecialTokens) { self.special = special }

    /// Adds the losses of the next `count` tokens, in nats.
    package mutating func add(_ losses: UnsafePointer<Double>, of targets: UnsafePointer<Int32>, count: Int) {
        for index in 0..<count {
            sum += losses[index]
            if targets[index] == special.unknown {
                unknownTokens += 1
            } else {
                knownSum += losses[index]
                if targets[index] != special.endOfLine { knownSymbols += 1 }
            }
        }
        tokens += count
    }

    /// Negative log likelihood of all tokens, in nats.
    public var totalLoss: Double { sum }

    /// Mean negative log likelihood, nats per token; OOVs are included, as predictions of `<unk>`.
    public var loss: Double { sum / Double(tokens) }
    public var perplexity: Double { exponential(loss) }
    public var bitsPerToken: Double { loss / 0.693_147_180_559_945_3 }

    /// The same mean without OOVs; nil where nothing but ends of lines is left.
    public var lossWithoutUnknown: Double? { knownSymbols > 0 ? knownSum / Double(tokens - unknownTokens) : nil }
    public var perplexityWithoutUnknown: Double? { lossWithoutUnknown.map(exponential) }

    /// OOVs with their share and the perplexity without them, for people; nil where the vocabulary has no `<unk>`.
    public var unknownText: String? {
        guard special.unknown != nil else { return nil }
        let count = "\(NumberText.grouped(unknownTokens)) OOV"
        if unknownTokens == 0 { return count }
        let without = perplexityWithoutUnknown.map { "perplexity \(NumberText.perplexity($0, digits: 3)) without them" }
        return "\(count) (\(unknown.percent)), \(without ?? "no other words")"
    }

    /// OOVs among the predicted tokens.
    public var unknown: UnknownCount { UnknownCount(tokens: tokens, unknown: unknownTokens) }
}

/// How many tokens of a text are outside the vocabulary.
public struct UnknownCount: Sendable, Equatable {
    /// Tokens in all.
    public let tokens: Int
    /// Those of them that `<unk>` stands for.
    public let unknown: Int

    package init(tokens: Int, unknown: Int) { (self.tokens, self.unknown) = (tokens, unknown) }

    /// Counts a tokenised text. Cost: one pass over the tokens, none where the vocabulary has no `<unk>`.
    ///
    /// Throws as `WindowReader.fill`.
    package init(of file: TokenFile, special: SpecialTokens) throws(TextDataError) {
        tokens = file.count
        guard let id = special.unknown else {
            unknown = 0
            return
        }
        var found = 0
        try file.forEachPiece { piece in for token in piece where token == id { found += 1 } }
        unknown = found
    }

    /// Of all tokens, from 0 to 1.
    public var share: Double { tokens > 0 ? Double(unknown) / Double(tokens) : 0 }

    /// From this share of OOVs on, the perplexity says little about a text, because `<unk>` is easy to predict.
    static let largeShare = 0.2

    /// The warning for a text with many OOVs, and what to do about it; nil for few.
    ///
    /// The default advice is for a model that is already trained.
    public func warning(
        of text: String, advice: String = "Report the perplexity without them; a larger vocabulary needs a new training run."
    ) -> String? {
        guard share >= Self.largeShare else { return nil }
        return
            "\(text): \(percent) of the tokens are outside the vocabulary and are scored as <unk>, so that the perplexity says little. "
            + advice
    }

    /// `12.3 %`
    public var percent: String { NumberText.significant(share * 100, 3) + " %" }
}
