import Failures
import Models
import Tensors
public import TextData

/// The score of a classifier on a text, with its losses added in the order of the text.
public struct LabelScore: TaskScore, Equatable {
    /// Lines.
    public private(set) var count = 0
    /// Lines whose most probable label is the right one.
    public private(set) var correct = 0
    private var matrix: ConfusionMatrix
    private var sum = 0.0
    /// The first line, from 1, whose loss is infinite or not a number.
    private var firstNotFinite: Int?
    /// The tokens of the lines without their labels, line ends included, and those outside the vocabulary; nil if the vocabulary has no `<unk>`.
    public internal(set) var unknown: UnknownCount?

    init(labels: [String]) { matrix = ConfusionMatrix(labels: labels) }

    mutating func add(loss: Double, label: Int, predicted: Int) {
        count += 1
        sum += loss
        if firstNotFinite == nil, !loss.isFinite { firstNotFinite = count }
        if predicted == label { correct += 1 }
        matrix.add(label: label, predicted: predicted)
    }

    /// The mean negative log likelihood of the right label, in nats per line.
    public var loss: Double { sum / Double(count) }
    /// The share of right labels, with the bits of a validation of equal share. Not a number if the loss of a line is not finite.
    public var accuracy: Double {
        firstNotFinite == nil ? AccuracyMetric.accuracy(hitShare: Double(correct) / Double(count)) : .nan
    }

    private var accuracyText: String {
        if firstNotFinite != nil { return "no accuracy" }
        return "accuracy \(NumberText.fixed(accuracy * 100, 2)) % (\(NumberText.grouped(correct)) right)"
    }

    public var text: String {
        "\(NumberText.counted(count, "line")), loss \(NumberText.fixed(loss, 4)) nats per line, \(accuracyText)"
            + (unknown.map { "; \($0.text)" } ?? "")
    }

    public var figures: [Figure] {
        testFields
            + (unknown.map {
                [
                    Figure("tokens", .integer($0.tokens)), Figure("oovs", .integer($0.unknown)),
                    Figure("oov_share", .number($0.share)),
                ]
            } ?? [])
    }

    public var testFields: [Figure] { [Figure("lines", .integer(count))] + measured }

    public var confusion: ConfusionMatrix? { matrix }

    private var measured: [Figure] {
        let correct: Figure.Value = firstNotFinite == nil ? .integer(correct) : .number(.nan)
        return [Figure("loss", .number(loss)), Figure("correct", correct), Figure("accuracy", .number(accuracy))]
    }

    public func testLines(tokens: TokenUnit) -> [String] { ["loss \(NumberText.fixed(loss, 4)), \(accuracyText)"] }

    public var firstOverflow: String? { firstNotFinite.map { "line \($0)" } }

    public func warning(of name: String, scoredWith vocabulary: Vocabulary?) -> String? { unknown?.warning(ofLabels: name) }
}

/// Scores the labels of a text's lines. Process i of n scores the lines whose number is i modulo n.
final class LabelScorer: TextScorer {
    let pieceLength = 4096
    private let model: SequenceModel
    private let labels: LabelTokens
    private let lineEnd: Int32
    private let unknown: Int32?
    private var total: LabelScore
    private var line = 0
    /// The tokens of a line that does not end in its piece.
    private var rest: [Int32] = []
    private let one: UnsafeMutablePointer<Float>  // a mask of one row
    private let workspace = Workspace()

    /// - Parameters:
    ///   - lineEnd: the token that ends a line.
    ///   - unknown: the token of symbols outside the vocabulary; nil if the vocabulary has none.
    init(_ model: SequenceModel, _ labels: LabelTokens, lineEnd: Int32, unknown: Int32?) {
        self.model = model
        self.labels = labels
        (self.lineEnd, self.unknown) = (lineEnd, unknown)
        total = LabelScore(labels: labels.names.names)
        if unknown != nil { total.unknown = UnknownCount(tokens: 0, unknown: 0) }
        one = workspace.allocate(Float.self, count: 1)
        one.pointee = 1
    }

    /// Loss, label and predicted label of each line that ends in the piece; 0 for the lines of other processes.
    func values(_ piece: UnsafeBufferPointer<Int32>, isLast: Bool, share: ScoringShare) throws(TextDataError) -> [Double] {
        var values: [Double] = []
        var start = 0
        while let end = piece[start...].firstIndex(of: lineEnd) {
            rest.append(contentsOf: piece[start...end])
            values += try takeLine(share)
            start = end + 1
        }
        rest.append(contentsOf: piece[start...])
        if isLast, !rest.isEmpty { values += try takeLine(share) }
        return values
    }

    private func takeLine(_ share: ScoringShare) throws(TextDataError) -> [Double] {
        defer { rest.removeAll(keepingCapacity: true) }
        line += 1
        guard let divided = labels.divide(rest) else { throw .unlabelledLine(source: "the text", line: line) }
        if let unknown { total.unknown? += UnknownCount(tokens: rest[divided.text], unknown) }
        guard (line - 1) % share.count == share.index else { return [0, 0, 0] }
        model.resetState()
        return rest.withUnsafeBufferPointer { tokens in
            let text = UnsafeBufferPointer(rebasing: tokens[divided.text])
            for start in stride(from: 0, to: text.count, by: model.capacity.steps) {
                let steps = min(model.capacity.steps, text.count - start)
                model.forward(text.baseAddress! + start, steps: steps)
                if start + steps == text.count { return score(ofRow: steps - 1, label: divided.label) }
                model.carryState(steps: steps)
            }
            preconditionFailure("a line without text")
        }
    }

    private func score(ofRow row: Int, label: Int32) -> [Double] {
        let loss = withUnsafePointer(to: label) { model.loss(ofRows: row..<(row + 1), targets: $0, mask: one)[0] }
        return [loss, Double(label), Double(model.mostProbable(row: row))]
    }

    func add(_ parts: [ArraySlice<Double>]) {
        let sums = parts.sums(count: parts.first?.count ?? 0)
        for place in stride(from: 0, to: sums.count, by: 3) {
            total.add(loss: sums[place], label: Int(sums[place + 1]), predicted: Int(sums[place + 2]))
        }
    }

    var score: any TaskScore { total }
}
