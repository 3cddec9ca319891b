import Failures
import Tasks

/// The figures of a classifier by label, as `evaluate` prints them.
struct LabelReport {
    private let matrix: ConfusionMatrix

    /// With more labels, tables are not readable.
    private static let mostLabels = 20

    init(_ matrix: ConfusionMatrix) { self.matrix = matrix }

    /// A table of the labels and one of the pairs of labels, or a line that says where they are.
    var text: String {
        guard matrix.labels.count <= Self.mostLabels else {
            return "\(NumberText.grouped(matrix.labels.count)) labels: --json prints the figures of each"
        }
        return labelTable.text + "\nlines by label (row) and label of the model (column)\n" + pairTable.text
    }

    private var labelTable: TextTable {
        var table = TextTable(header: ["label", "precision", "recall", "F1", "lines"])
        for (number, name) in matrix.labels.enumerated() {
            let shares = [matrix.precision(number), matrix.recall(number), matrix.f1(number)].map(Self.percent)
            table.append([name] + shares + [NumberText.grouped(matrix.counts[number])])
        }
        table.append(["mean", "", "", Self.percent(matrix.macroF1), ""])
        return table
    }

    private var pairTable: TextTable {
        var table = TextTable(header: ["label"] + matrix.labels)
        for (number, name) in matrix.labels.enumerated() {
            table.append([name] + matrix.labels.indices.map { NumberText.grouped(matrix[number, $0]) })
        }
        return table
    }

    private static func percent(_ share: Double?) -> String { share.map { NumberText.fixed($0 * 100, 2) + " %" } ?? "-" }

    /// Members of a JSON object: the mean F1, the figures of each label, and the pairs of labels that occur.
    var jsonMembers: String {
        let labels = matrix.labels.indices.map { number in
            "{\"label\":\(name(number)),\"lines\":\(matrix.counts[number]),\"predicted_lines\":\(matrix.predictedCounts[number]),"
                + "\"correct\":\(matrix[number, number]),\"precision\":\(jsonNumber(matrix.precision(number))),"
                + "\"recall\":\(jsonNumber(matrix.recall(number))),\"f1\":\(jsonNumber(matrix.f1(number)))}"
        }
        let pairs = matrix.occurring.map {
            "{\"label\":\(name($0.label)),\"predicted\":\(name($0.predicted)),\"lines\":\($0.count)}"
        }
        return "\"macro_f1\":\(jsonNumber(matrix.macroF1)),\"labels\":[\(labels.joined(separator: ","))],"
            + "\"confusion\":[\(pairs.joined(separator: ","))]"
    }

    private func name(_ number: Int) -> String { JSONText.string(matrix.labels[number]) }

    private func jsonNumber(_ value: Double?) -> String { value.map(JSONText.number) ?? "null" }
}
