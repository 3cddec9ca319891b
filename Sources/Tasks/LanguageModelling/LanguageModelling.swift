import Failures
import Kinds
import Models
import TextData

/// Predicts each token of a text from the tokens before it.
enum LanguageModelling: Task {
    static let name = "language-model"
    static let summary =
        "Each token is predicted from those before it (Bengio et al. 2003, Mikolov et al. 2010); the metric is the loss, with its perplexity."
    static let predictsTokens = true
    static let metric: any Metric = PerplexityMetric()

    static func separatesLines(_ batching: BatchingKind) -> Bool { Batchings.batching(batching).separatesLines }

    static func outputSize(vocabularySize: Int, _ settings: Settings) -> Int { vocabularySize }

    static func batches(
        of text: some TokenisedText, _ symbols: TextSymbols, _ batching: BatchingKind, _ shape: BatchShape, source: String
    ) throws(TextDataError) -> any BatchLayout {
        try Batchings.batching(batching).layout(text, shape, source: source)
    }

    static func scorer(_ model: SequenceModel, _ symbols: TextSymbols, _ batching: BatchingKind) -> any TextScorer {
        guard separatesLines(batching), let lineEnd = symbols.special.lineEnd else {
            return StreamTextScorer(model, symbols.special)
        }
        return LineTextScorer(model, symbols.special, lineEnd: lineEnd)
    }
}

/// The loss in nats per token, with its perplexity.
struct PerplexityMetric: Metric {
    let countsHits = false
    let unit = "nats per token"
    let presentation = MetricPresentation(
        name: "perplexity", followsFromLoss: true, isLogarithmic: true, lossUnit: "nats per token")

    func criterion(_ measurement: ValidationResult) -> Double { measurement.loss }

    func figure(_ criterion: Double) -> Figure {
        let perplexity = exponential(criterion)
        return Figure(presentation.name, .number(perplexity), text: NumberText.perplexity(perplexity, digits: 3))
    }

    func text(_ measurement: ValidationResult, tokens: TokenUnit) -> String {
        text(ofCriterion: measurement.loss, tokens: tokens)
    }

    /// `loss 4.5123, perplexity 91.13`; for characters and bytes also the bits of each.
    func text(ofCriterion loss: Double, tokens: TokenUnit) -> String {
        (["loss \(NumberText.fixed(loss, 4))"] + texts(ofLoss: loss, tokens: tokens)).joined(separator: ", ")
    }

    func texts(ofLoss loss: Double, tokens: TokenUnit) -> [String] {
        let bits = "\(NumberText.fixed(loss / TextScore.log2Nats, 3)) bits/\(tokens.noun)"
        return ["perplexity \(NumberText.perplexity(exponential(loss)))"] + (tokens == .word ? [] : [bits])
    }

    func fields(_ measurement: ValidationResult) -> [Figure] { [figure(measurement.loss)] }

    func fields(ofCriterion loss: Double) -> [Figure] {
        [Figure("loss", .number(loss)), figure(loss)]
    }
}
