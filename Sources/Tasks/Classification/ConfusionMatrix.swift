/// How often a classifier gave lines with one label another one, and the figures of each label.
///
/// Cost: a number for each pair of labels that occurs.
public struct ConfusionMatrix: Sendable, Equatable {
    /// A right label and the one that the model gave, as numbers of labels.
    private struct Pair: Hashable {
        let label: Int
        let predicted: Int
    }

    /// The names of the labels, in the order of their numbers.
    public let labels: [String]
    /// The number of lines with each label.
    public private(set) var counts: [Int]
    /// The number of lines to which the model gave each label.
    public private(set) var predictedCounts: [Int]
    private var pairs: [Pair: Int] = [:]

    public init(labels: [String]) {
        self.labels = labels
        counts = [Int](repeating: 0, count: labels.count)
        predictedCounts = counts
    }

    /// Adds a line with the label `label`, to which the model gave the label `predicted`.
    public mutating func add(label: Int, predicted: Int) {
        counts[label] += 1
        predictedCounts[predicted] += 1
        pairs[Pair(label: label, predicted: predicted), default: 0] += 1
    }

    /// The number of lines with one label to which the model gave another one, or the same.
    public subscript(_ label: Int, _ predicted: Int) -> Int { pairs[Pair(label: label, predicted: predicted)] ?? 0 }

    /// The pairs of labels that occur, in the order of the labels.
    public var occurring: [(label: Int, predicted: Int, count: Int)] {
        pairs.map { ($0.key.label, $0.key.predicted, $0.value) }.sorted { ($0.label, $0.predicted) < ($1.label, $1.predicted) }
    }

    // MARK: Figures of a label

    /// The share of the lines with the predicted label `label` that have it; nil if the model gave it to no line.
    public func precision(_ label: Int) -> Double? { quotient(self[label, label], predictedCounts[label]) }

    /// The share of the lines with the label that the model gave it; nil if no line has it.
    public func recall(_ label: Int) -> Double? { quotient(self[label, label], counts[label]) }

    /// The harmonic mean of precision and recall, `2 correct / (lines + predicted)`; nil if the label does not occur at all.
    public func f1(_ label: Int) -> Double? { quotient(2 * self[label, label], counts[label] + predictedCounts[label]) }

    /// The mean of F1 over the labels that have one; nil without lines.
    public var macroF1: Double? {
        let values = labels.indices.compactMap { f1($0) }
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    private func quotient(_ part: Int, _ whole: Int) -> Double? { whole > 0 ? Double(part) / Double(whole) : nil }
}
