public import Kinds
public import Models
public import TextData

/// What a model is trained to do: which losses a text has, and by which figure the model is judged.
///
/// A task is a kind of `--task`: a folder beside this file and a line in ``Tasks``. The trainer, checkpoints, convergence, recovery and reports know
/// tasks by this protocol alone.
public protocol Task: Kind {
    /// Whether the model predicts the tokens of a text, so that it can score each of them and generate text.
    static var predictsTokens: Bool { get }
    /// The figure by which models are compared.
    static var metric: any Metric { get }

    /// Whether each line is a text of its own, with the kind of batching of the configuration.
    static func separatesLines(_ batching: BatchingKind) -> Bool

    /// Fills in settings whose defaults come from the training text, before a new run. The default does nothing. Throws what is wrong with the text.
    static func resolve(_ settings: inout Settings, trainingText: OpenedText) throws(TextDataError)

    /// Throws what is wrong with the form of a text. Returns a warning about its content; nil for none. The default accepts every text.
    static func check(_ text: OpenedText, _ settings: Settings) throws(TextDataError) -> String?

    /// The tokens of the labels of texts; nil, which is the default, for texts without labels.
    static func labels(_ settings: Settings, _ vocabulary: Vocabulary) throws(TextDataError) -> LabelTokens?

    /// The labels that the model gives lines; nil, which is the default, for a task without labels.
    static func labelNames(_ settings: Settings) -> LabelNames?

    /// The number of classes among which the model's output chooses.
    static func outputSize(vocabularySize: Int, _ settings: Settings) -> Int

    /// The batches of a text. `source` names it in errors.
    static func batches(
        of text: some TokenisedText, _ symbols: TextSymbols, _ batching: BatchingKind, _ shape: BatchShape, source: String
    ) throws(TextDataError) -> any BatchLayout

    /// A scorer of one text, with a model of one stream.
    static func scorer(_ model: SequenceModel, _ symbols: TextSymbols, _ batching: BatchingKind) -> any TextScorer
}

extension Task {
    public static func resolve(_ settings: inout Settings, trainingText: OpenedText) throws(TextDataError) {}
    public static func check(_ text: OpenedText, _ settings: Settings) throws(TextDataError) -> String? { nil }
    public static func labels(_ settings: Settings, _ vocabulary: Vocabulary) throws(TextDataError) -> LabelTokens? { nil }
    public static func labelNames(_ settings: Settings) -> LabelNames? { nil }
}

/// The symbols of a run's texts that have a meaning for its task. The same on all ranks.
public struct TextSymbols: Codable, Equatable, Sendable {
    package let special: SpecialTokens
    /// Nil for a task without labels.
    package let labels: LabelTokens?

    package init(special: SpecialTokens, labels: LabelTokens?) { (self.special, self.labels) = (special, labels) }

    /// Those of a task's texts. Throws if the vocabulary lacks a label.
    public init(_ task: any Task.Type, _ settings: Settings, _ vocabulary: Vocabulary) throws(TextDataError) {
        special = SpecialTokens(vocabulary)
        labels = try task.labels(settings, vocabulary)
    }
}

/// The tasks among which `--task` chooses.
public enum Tasks: KindRegistry {
    /// All tasks. To add a task, add a folder beside this file and a line here.
    static let all: [any Task.Type] = [
        LanguageModelling.self,
        Classification.self,
    ]

    public static let key: ConfigurationKey = "task"
    public static var kinds: [any Kind.Type] { all }

    /// The task with this name.
    public static func task(_ name: TaskKind) -> any Task.Type {
        name.selected(in: all) { $0.name }
    }
}

/// The name of a task.
public typealias TaskKind = KindName<Tasks>

extension KindName where Registry == Tasks {
    /// The language model, the default.
    public static var languageModel: TaskKind { TaskKind(LanguageModelling.self) }
    public static var classifier: TaskKind { TaskKind(Classification.self) }
}
