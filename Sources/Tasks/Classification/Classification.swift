import Failures
public import Kinds
import Models
import TextData

/// The settings of classifiers.
public enum ClassifierSettings {
    public static let labels = Setting(
        "labels", "", range: .labels, placeholder: "list", normalForm: sorted,
        "Labels, separated by blanks. Empty: those of the training text, in the order of their bytes.")

    /// A valid list in the order of the labels' numbers, which do not depend on the order in which they are named.
    private static func sorted(_ list: String) -> String {
        ValueRange<String>.labels.contains(list) ? LabelNames(list.words).names.joined(separator: " ") : list
    }
}

/// Gives each line one of several labels: from the last hidden state of the topmost layer, `softmax(h W^T + b)`.
///
/// The model is that of a language model with as many outputs as there are labels; its loss is counted at the last token of a line alone.
enum Classification: Task {
    static let name = "classifier"
    static let summary =
        "Each line `label<TAB>text` is a text with its label, which is predicted from the last hidden state of the text, `softmax(h W^T + b)`; the metric is the accuracy. Lines are sequences of their own, as with `--batching sentences`."
    static let settings: [any DeclaredSetting] = [ClassifierSettings.labels]
    static let predictsTokens = false
    static let metric: any Metric = AccuracyMetric()

    static func separatesLines(_ batching: BatchingKind) -> Bool { true }

    static func resolve(_ settings: inout Settings, trainingText: OpenedText) throws(TextDataError) {
        guard settings.isStandard(ClassifierSettings.labels.key) else { return }
        settings[ClassifierSettings.labels] = try LabelNames(of: trainingText).names.joined(separator: " ")
    }

    /// The accuracy on a text with a single label does not show whether the model tells labels apart.
    static func check(_ text: OpenedText, _ settings: Settings) throws(TextDataError) -> String? {
        let found = try names(settings).check(text)
        guard let only = found.first, found.count == 1 else { return nil }
        return
            "\(text.name): all lines have the label \(quoting: only), so the accuracy does not show whether the model distinguishes the labels. "
            + "Shuffle the lines before they are split into texts."
    }

    static func labels(_ settings: Settings, _ vocabulary: Vocabulary) throws(TextDataError) -> LabelTokens? {
        try LabelTokens(names(settings), vocabulary)
    }

    static func labelNames(_ settings: Settings) -> LabelNames? { names(settings) }

    private static func names(_ settings: Settings) -> LabelNames {
        LabelNames(settings[ClassifierSettings.labels].words)
    }

    static func outputSize(vocabularySize: Int, _ settings: Settings) -> Int { max(2, names(settings).count) }

    static func batches(
        of text: some TokenisedText, _ symbols: TextSymbols, _ batching: BatchingKind, _ shape: BatchShape, source: String
    ) throws(TextDataError) -> any BatchLayout {
        guard let labels = symbols.labels else { preconditionFailure("labelled texts without labels") }
        let lines = try labels.lines(of: text, source: source)
        guard lines.sequences.count > 0 else { throw .textTooShort(source: source, tokenCount: 0) }
        return SequenceBatches(lines.sequences, targets: .labels(lines.labels), shape)
    }

    static func scorer(_ model: SequenceModel, _ symbols: TextSymbols, _ batching: BatchingKind) -> any TextScorer {
        guard let labels = symbols.labels, let lineEnd = symbols.special.lineEnd else {
            preconditionFailure("labelled texts without labels")
        }
        return LabelScorer(model, labels, lineEnd: lineEnd, unknown: symbols.special.unknown)
    }
}

extension ValueRange where Value == String {
    /// A list of labels.
    fileprivate static var labels: ValueRange {
        ValueRange(
            description: "2 or more different labels, separated by blanks, or nothing", ends: ["", "negative positive"],
            contains: { text in
                let names = text.words
                return text.isEmpty
                    || names.count >= 2 && Set(names.map { ExactText($0) }).count == names.count && names.count <= LabelNames.most
                        && !text.unicodeScalars.contains { $0 != " " && $0.properties.isWhitespace }
            })
    }
}

/// The share of right labels.
///
/// Training minimises the share of wrong labels, and checkpoints keep it alone. Every accuracy that the program gives is computed from it, so that it
/// has the same bits everywhere: `1 - (1 - x)` can differ from x in the last bits.
struct AccuracyMetric: Metric {
    let countsHits = true
    let unit = "of the lines"
    let presentation = MetricPresentation(
        name: "accuracy", followsFromLoss: false, isLogarithmic: false, lossUnit: "nats per line")

    /// The share of wrong labels. Numbers that overflow have a most probable label, too, which says nothing: NaN if the loss is not finite.
    func criterion(_ measurement: ValidationResult) -> Double {
        measurement.loss.isFinite ? Self.criterion(hitShare: measurement.hitShare ?? .nan) : .nan
    }

    private static func criterion(hitShare: Double) -> Double { 1 - hitShare }

    private static func accuracy(_ criterion: Double) -> Double { 1 - criterion }

    /// The accuracy of a share of right labels, with the bits of the accuracy of its criterion.
    static func accuracy(hitShare: Double) -> Double { accuracy(criterion(hitShare: hitShare)) }

    func figure(_ criterion: Double) -> Figure {
        let accuracy = Self.accuracy(criterion)
        return Figure(presentation.name, .number(accuracy), text: NumberText.fixed(accuracy * 100, 2) + " %")
    }

    func text(_ measurement: ValidationResult, tokens: TokenUnit) -> String {
        "loss \(NumberText.fixed(measurement.loss, 4)), \(text(ofCriterion: criterion(measurement), tokens: tokens))"
    }

    func text(ofCriterion criterion: Double, tokens: TokenUnit) -> String { "accuracy \(figure(criterion).text)" }

    func texts(ofLoss loss: Double, tokens: TokenUnit) -> [String] { [] }

    func fields(_ measurement: ValidationResult) -> [Figure] { fields(ofCriterion: criterion(measurement)) }

    func fields(ofCriterion criterion: Double) -> [Figure] {
        [figure(criterion), Figure("criterion", .number(criterion))]
    }
}
