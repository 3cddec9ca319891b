public import TextData

/// The figure by which the models of a task are compared, and the texts of a run's report that depend on it.
public protocol Metric: Sendable {
    /// Whether a validation counts the predictions whose most probable class is the right one.
    var countsHits: Bool { get }
    /// The unit of `criterion`, after a number.
    var unit: String { get }

    /// How the metric is named and drawn.
    var presentation: MetricPresentation { get }

    /// What training minimises on the validation text: the lower, the better.
    func criterion(_ measurement: ValidationResult) -> Double

    /// A criterion in the form in which people know it.
    func figure(_ criterion: Double) -> Figure

    /// A validation, or a criterion alone, for people: `loss 4.5123, perplexity 91.13`. `tokens` is the unit of the tokens.
    func text(_ measurement: ValidationResult, tokens: TokenUnit) -> String
    func text(ofCriterion criterion: Double, tokens: TokenUnit) -> String

    /// The figures of a loss in training beside the loss itself, the most important first.
    func texts(ofLoss loss: Double, tokens: TokenUnit) -> [String]

    /// The fields of a validation in the log, besides the loss.
    func fields(_ measurement: ValidationResult) -> [Figure]
    /// The fields of a criterion in the log.
    func fields(ofCriterion criterion: Double) -> [Figure]
}

/// How the figure of a metric is named in the log, and drawn over the steps.
public struct MetricPresentation: Sendable, Equatable {
    /// The name of the figure in the log: that of `Metric.figure`.
    public let name: String
    /// Whether the figure follows from the loss alone, so that training has it, too.
    public let followsFromLoss: Bool
    public let isLogarithmic: Bool
    /// The unit of the loss.
    public let lossUnit: String
}

/// What a validation measured.
public struct ValidationResult: Sendable, Equatable {
    /// The mean loss of a prediction, in nats.
    public var loss: Double
    /// The share of the predictions whose most probable class is the right one; nil if they were not counted.
    public var hitShare: Double?

    public init(loss: Double, hitShare: Double? = nil) { (self.loss, self.hitShare) = (loss, hitShare) }
}

/// A number with its name in logs.
public struct Figure: Sendable, Equatable {
    /// The value of a figure.
    public enum Value: Sendable, Equatable {
        case integer(Int)
        case number(Double)
        /// Not defined.
        case none
    }

    public let name: String
    public let value: Value
    /// For people.
    public let text: String

    public init(_ name: String, _ value: Value, text: String = "") { (self.name, self.value, self.text) = (name, value, text) }
}

/// The score of a model on a text, as `evaluate` and the test at the end of a run give it.
public protocol TaskScore: Sendable {
    /// The number of predictions.
    var count: Int { get }
    /// The mean loss of a prediction, in nats.
    var loss: Double { get }
    /// What `evaluate` prints.
    var text: String { get }
    /// The members of the object that `evaluate --json` prints.
    var figures: [Figure] { get }
    /// The fields of the test in the log, without `test_`.
    var testFields: [Figure] { get }

    /// The lines of a run's last report: what follows `test`, and what stands below. `tokens` is the unit of the tokens.
    func testLines(tokens: TokenUnit) -> [String]

    /// The score, with the size of its text for figures that need it. The default has none.
    func measured(on extent: TextExtent) -> any TaskScore

    /// Where the first loss is that is infinite or not a number, such as `token 5`; nil for nowhere.
    var firstOverflow: String? { get }

    /// The labels of the lines, and those that the model gave them. Nil, which is the default, for a task without labels.
    var confusion: ConfusionMatrix? { get }

    /// What a user should be warned of; nil for nothing. `name` is that of the text, `vocabulary` that of a network.
    func warning(of name: String, scoredWith vocabulary: Vocabulary?) -> String?

    /// What a user should know of the figures of a text of `tokenCount` tokens; nil, which is the default, for nothing.
    func note(of name: String, tokenCount: Int) -> String?
}

extension TaskScore {
    public func measured(on extent: TextExtent) -> any TaskScore { self }
    public var confusion: ConfusionMatrix? { nil }
    public func note(of name: String, tokenCount: Int) -> String? { nil }
}

/// Scores a text, a piece at a time. Several processes can divide the work: each computes some values of a piece, and all add the values of all.
///
/// The score does not depend on the number of processes.
public protocol TextScorer: AnyObject {
    /// The maximum number of tokens of a piece.
    var pieceLength: Int { get }

    /// Computes this process's values of the next piece of the text, and returns equally many in every process. A last piece may be empty.
    ///
    /// Throws what is wrong with the form of the text.
    func values(_ piece: UnsafeBufferPointer<Int32>, isLast: Bool, share: ScoringShare) throws(TextDataError) -> [Double]

    /// Adds the values of the piece: those of each process, in the order of the processes.
    func add(_ parts: [ArraySlice<Double>])

    /// The score of all pieces so far.
    var score: any TaskScore { get }
}

/// The part of the work of one of several processes.
public struct ScoringShare: Sendable {
    /// The number of the share, from 0.
    public let index: Int
    public let count: Int

    public init(index: Int, of count: Int) { (self.index, self.count) = (index, count) }

    /// All of it.
    public static let whole = ScoringShare(index: 0, of: 1)
}

extension [ArraySlice<Double>] {
    /// The sums over the processes, of which one has the value and the others have 0.
    func sums(count: Int) -> [Double] {
        (0..<count).map { place in reduce(0) { $0 + $1[$1.startIndex + place] } }
    }
}
