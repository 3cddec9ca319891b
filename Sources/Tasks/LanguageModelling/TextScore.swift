import Failures
public import TextData

/// The symbols of a vocabulary that do not represent a symbol of a text.
package struct SpecialTokens: Codable, Equatable, Sendable {
    /// `<unk>`, for symbols outside the vocabulary; nil if the vocabulary has none.
    package var unknown: Int32?
    /// `<eos>`; nil if the vocabulary has none.
    package var endOfLine: Int32?
    /// The token that ends a line of the text: `<eos>`, or the line feed.
    package var lineEnd: Int32?

    package init(_ vocabulary: Vocabulary) {
        unknown = vocabulary.unknownID
        endOfLine = vocabulary.endOfLineID
        lineEnd = vocabulary.lineEndID
    }
}

/// The score of a model on a text. The losses of the tokens are added in the order of the text, so the sums do not depend on how
/// the text is divided.
public struct TextScore: Sendable, Equatable {
    /// The number of predicted tokens: all but the first.
    public private(set) var tokens = 0
    /// The number of predicted tokens outside the vocabulary (OOVs): the model predicted `<unk>`.
    public private(set) var unknownTokens = 0
    /// The first prediction, from 1, whose loss is infinite or not a number; nil for none.
    public private(set) var firstNotFinite: Int?
    /// The sum over all tokens, in nats.
    private var sum = 0.0
    /// The sum over the tokens in the vocabulary, in nats.
    private var knownSum = 0.0
    /// The number of tokens in the vocabulary, without `<eos>`.
    private var knownSymbols = 0
    private let special: SpecialTokens
    /// The size of the scored text; nil if it is not known.
    private var extent: TextExtent?

    package init(_ special: SpecialTokens) { self.special = special }

    /// Adds the losses of the next `count` tokens, in nats.
    package mutating func add(_ losses: UnsafePointer<Double>, of targets: UnsafePointer<Int32>, count: Int) {
        for index in 0..<count {
            sum += losses[index]
            if firstNotFinite == nil, !losses[index].isFinite { firstNotFinite = tokens + index + 1 }
            if targets[index] == special.unknown {
                unknownTokens += 1
            } else {
                knownSum += losses[index]
                if targets[index] != special.endOfLine { knownSymbols += 1 }
            }
        }
        tokens += count
    }

    /// Adds the loss of the next token, in nats.
    package mutating func add(_ loss: Double, of target: Int32) {
        withUnsafePointer(to: loss) { loss in withUnsafePointer(to: target) { add(loss, of: $0, count: 1) } }
    }

    /// Negative log likelihood of all tokens, in nats.
    public var totalLoss: Double { sum }

    /// Mean negative log likelihood in nats per token, including OOVs as predictions of `<unk>`.
    public var loss: Double { sum / Double(tokens) }
    public var perplexity: Double { exponential(loss) }
    public var bitsPerToken: Double { loss / Self.log2Nats }

    /// Mean negative log likelihood without OOVs; nil if only line ends remain.
    public var lossWithoutUnknown: Double? { knownSymbols > 0 ? knownSum / Double(tokens - unknownTokens) : nil }
    /// As `lossWithoutUnknown`, also if only line ends remain; nil if no token does. KenLM's `query` computes it in this way.
    public var lossOfKnownTokens: Double? { tokens > unknownTokens ? knownSum / Double(tokens - unknownTokens) : nil }
    public var perplexityWithoutUnknown: Double? { lossWithoutUnknown.map(exponential) }

    /// The exponential of the total loss divided by the words of the text; nil if its size is not known.
    ///
    /// It is the perplexity to the power tokens/words, so that models with different vocabularies can be compared.
    public var wordPerplexity: Double? { extent.map { exponential(sum / Double($0.words)) } }
    /// The exponential of the total loss divided by the bytes of the text; nil if its size is not known.
    public var bytePerplexity: Double? { extent.map { exponential(sum / Double($0.bytes)) } }

    /// The same score, of a text of this size.
    public func of(_ extent: TextExtent) -> TextScore {
        var score = self
        score.extent = extent
        return score
    }

    static let log2Nats = 0.693_147_180_559_945_3

    /// The number of OOVs, their share, and the perplexity without them, as text; nil if the vocabulary has no `<unk>`.
    public var unknownText: String? {
        guard special.unknown != nil else { return nil }
        if unknownTokens == 0 { return unknown.text }
        let without = perplexityWithoutUnknown.map { "perplexity \(NumberText.perplexity($0, digits: 3)) without them" }
        return "\(unknown.text), \(without ?? "no other words")"
    }

    /// The OOVs among the predicted tokens.
    public var unknown: UnknownCount { UnknownCount(tokens: tokens, unknown: unknownTokens) }
}

extension TextScore: TaskScore {
    public var count: Int { tokens }

    /// The figures in one line.
    public var text: String {
        "\(NumberText.counted(tokens, "token")), loss \(NumberText.fixed(loss, 4)) nats per token, "
            + "perplexity \(NumberText.perplexity(perplexity, digits: 3)), "
            + "\(NumberText.fixed(bitsPerToken, 3)) bits per token"
            + [comparableText, unknownText].compactMap { $0.map { "; \($0)" } }.joined()
    }

    /// The perplexities that do not depend on the vocabulary, as text. Nil for a text of few words, such as one without white space.
    private var comparableText: String? {
        guard let byWord = wordPerplexity, byWord.isFinite, let byByte = bytePerplexity else { return nil }
        return
            "perplexity \(NumberText.perplexity(byWord, digits: 3)) by word, \(NumberText.perplexity(byByte, digits: 4)) by byte"
    }

    public var figures: [Figure] {
        [
            Figure("tokens", .integer(tokens)), Figure("loss", .number(loss)), Figure("perplexity", .number(perplexity)),
            Figure("bits_per_token", .number(bitsPerToken)),
        ] + comparable + [
            Figure("oovs", .integer(unknownTokens)), Figure("oov_share", .number(unknown.share)), withoutUnknown,
        ]
    }

    public var testFields: [Figure] {
        [
            Figure("tokens", .integer(tokens)), Figure("loss", .number(loss)), Figure("perplexity", .number(perplexity)),
            Figure("oovs", .integer(unknownTokens)), withoutUnknown,
        ] + comparable
    }

    private var comparable: [Figure] {
        guard let extent, let wordPerplexity, let bytePerplexity else { return [] }
        return [
            Figure("words", .integer(extent.words)), Figure("word_perplexity", .number(wordPerplexity)),
            Figure("bytes", .integer(extent.bytes)), Figure("byte_perplexity", .number(bytePerplexity)),
        ]
    }

    public func measured(on extent: TextExtent) -> any TaskScore { of(extent) }

    private var withoutUnknown: Figure {
        Figure("perplexity_excluding_oovs", perplexityWithoutUnknown.map { .number($0) } ?? .none)
    }

    public func testLines(tokens: TokenUnit) -> [String] {
        [PerplexityMetric().text(ofCriterion: loss, tokens: tokens)] + [comparableText, unknownText].compactMap { $0 }
    }

    public var firstOverflow: String? { firstNotFinite.map { "token \($0)" } }

    public func warning(of name: String, scoredWith vocabulary: Vocabulary?) -> String? {
        guard let vocabulary else { return unknown.warning(of: name) }
        return unknown.warning(of: name, scoredWith: vocabulary)
    }

    /// Tells that the perplexities by word and by byte count a first token that is not scored, if it is more than 1 % of the tokens.
    ///
    /// They count it so that the words and bytes of a text are the same for every model.
    public func note(of name: String, tokenCount: Int) -> String? {
        guard extent != nil, (tokenCount - tokens) * 100 > tokenCount else { return nil }
        return
            "\(name): the perplexities by word and by byte divide by the whole text, although the first of its \(tokenCount) tokens is not scored; "
            + "on so short a text they are clearly too low."
    }
}

/// The number of tokens of a text that are outside the vocabulary.
public struct UnknownCount: Sendable, Equatable {
    /// The number of tokens.
    public let tokens: Int
    /// The number of tokens that are encoded as `<unk>`.
    public let unknown: Int

    package init(tokens: Int, unknown: Int) { (self.tokens, self.unknown) = (tokens, unknown) }

    /// Counts the tokens `unknown` in `tokens`.
    init(tokens: some Collection<Int32>, _ unknown: Int32) {
        self.init(tokens: tokens.count, unknown: tokens.count { $0 == unknown })
    }

    /// Counts the tokens of a text that `vocabulary` lacks.
    public init(of tokens: [Int32], _ vocabulary: Vocabulary) {
        self.init(tokens: tokens.count, unknown: vocabulary.unknownID.map { id in tokens.count { $0 == id } } ?? 0)
    }

    static func += (sum: inout UnknownCount, other: UnknownCount) {
        sum = UnknownCount(tokens: sum.tokens + other.tokens, unknown: sum.unknown + other.unknown)
    }

    /// Counts the tokens of a token file. Cost: one pass over the tokens, or nothing if the vocabulary has no `<unk>`.
    ///
    /// Throws the errors of `WindowReader.fill`.
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

    /// The share of OOVs in all tokens, from 0 to 1.
    public var share: Double { tokens > 0 ? Double(unknown) / Double(tokens) : 0 }

    /// From this share of OOVs on, the perplexity is not meaningful, because `<unk>` is easy to predict.
    static let largeShare = 0.2

    /// The warning for a text with many OOVs, with advice; nil for few.
    ///
    /// The default advice is for a trained model.
    public func warning(
        of text: String, advice: String = "Report the perplexity without them; a larger vocabulary needs a new training run."
    ) -> String? {
        guard share >= Self.largeShare else { return nil }
        return
            "\(text): \(percent) of the tokens are outside the vocabulary and are scored as <unk>, so that the perplexity says little. "
            + advice
    }

    /// The warning for a text that a model with this vocabulary scores: of OOVs if `<unk>` was not trained, otherwise of many OOVs.
    public func warning(of text: String, scoredWith vocabulary: Vocabulary) -> String? {
        guard unknown > 0, vocabulary.hasUntrainedUnknown else { return warning(of: text) }
        let training = vocabulary.unit == .sentencepiece ? "." : ", or train with a higher --minimum-count."
        return
            "\(text): \(NumberText.counted(unknown, "OOV")) \(unknown == 1 ? "is" : "are") scored as <unk>, whose probability was not trained: "
            + "no token of the training text is outside the vocabulary. Exclude \(unknown == 1 ? "it" : "them")\(training)"
    }

    /// The warning for a text with many OOVs whose lines have labels; nil for few.
    public func warning(
        ofLabels text: String, advice: String = "A larger vocabulary needs a new training run."
    ) -> String? {
        guard share >= Self.largeShare else { return nil }
        return
            "\(text): \(percent) of the tokens are outside the vocabulary and are read as <unk>, so that the labels say little. "
            + advice
    }

    /// `12 OOV (3.4 %)`, without the share if there are none.
    public var text: String { "\(NumberText.grouped(unknown)) OOV" + (unknown == 0 ? "" : " (\(percent))") }

    /// `12.3 %`
    public var percent: String { NumberText.significant(share * 100, 3) + " %" }
}
