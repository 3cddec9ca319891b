import Communication
import Failures
import Inference
import Runs
import Tasks
import TextData

/// Classifies each line of a text with the model at `path`, and writes the labels line by line.
func runClassification(
    _ classifier: LineClassifier, unit: TokenUnit, path: String, data: String, skippingUnknown: Bool, writer: LabelWriter
) throws {
    let text = try NamedText.opened(data, unit: unit)
    let characters = skippingUnknown ? SkippedCharacters() : nil
    var stream = TextStream()
    var (textCount, blankCount) = (0, 0)
    let lines = try UnknownCharacterError.naming {
        try classifier.classify(text, skipping: characters) { line in
            if let loss = line.prediction?.loss, !loss.isFinite {
                throw StoredRunError.overflow(checkpoint: path, place: "line \(line.number) of \(text.name)")
            }
            if line.prediction == nil { blankCount += 1 } else { textCount += 1 }
            // Not before the first line, so that a text that cannot be read leaves the output empty.
            let output = (line.number == 1 ? writer.header : "") + writer.text(of: line)
            try stream.append(Array(output.utf8))
        }
    }
    try stream.end(ofBytes: true)
    noteText(textCount, labelled: lines.labelledCount, unknown: classifier.unknown, of: text.name)
    if blankCount > 0 {
        StandardError.note(
            "\(text.name): \(NumberText.counted(blankCount, "line")) without text, which \(blankCount == 1 ? "has" : "have") no label."
        )
    }
    if let characters { noteSkipped(characters.unknown, of: text.name) }
}

/// Tells the number of lines with text, of which `labelled` look labelled, the tokens and the unknown ones, and what makes the labels doubtful.
private func noteText(_ lines: Int, labelled: Int, unknown: UnknownCount, of name: String) {
    StandardError.note(
        "\(name): \(NumberText.counted(lines, "line")), \(NumberText.counted(unknown.tokens, "token")), \(unknown.text)")
    if let warning = unknown.warning(ofLabels: name) { StandardError.warn(warning) }
    guard labelled > 0 else { return }
    StandardError.warn(
        "\(name): \(NumberText.counted(labelled, "line")) of \(NumberText.grouped(lines)) "
            + "\(labelled == 1 ? "begins" : "begin") with a label of the model and a tab, which the model reads as text. "
            + "Remove labels before classifying (cut -f 2-).")
}

/// Writes the labels of lines, as a table with a header or as a JSON object for each line.
struct LabelWriter {
    let labels: [String]
    /// Whether the probabilities of all labels are written.
    let writesAll: Bool
    let isJSON: Bool

    /// The text before the first line.
    var header: String {
        if isJSON { return "" }
        let all = writesAll ? labels.map { "probability_" + TokenTexts.label($0) } : []
        let names = ["line", "label", "probability"] + all + ["unknown"]
        return names.joined(separator: "\t") + "\n"
    }

    func text(of line: ClassifiedLine) -> String { isJSON ? object(line) : row(line) }

    private func row(_ line: ClassifiedLine) -> String {
        let figures: [String]
        if let prediction = line.prediction {
            let probabilities = [prediction.probability] + prediction.probabilities
            figures = [TokenTexts.label(labels[prediction.label])] + probabilities.map { "\($0)" }
        } else {
            figures = Array(repeating: "", count: writesAll ? 2 + labels.count : 2)
        }
        return (["\(line.number)"] + figures + ["\(line.unknownTokens)"]).joined(separator: "\t") + "\n"
    }

    private func object(_ line: ClassifiedLine) -> String {
        guard let prediction = line.prediction else {
            return
                "{\"line\":\(line.number),\"label\":null,\"probability\":null\(writesAll ? ",\"probabilities\":null" : ""),\"unknown\":0}\n"
        }
        let all = zip(labels, prediction.probabilities).map { "\(JSONText.string($0)):\(JSONText.number($1))" }
        return "{\"line\":\(line.number),\"label\":\(JSONText.string(labels[prediction.label])),"
            + "\"probability\":\(JSONText.number(prediction.probability))"
            + (writesAll ? ",\"probabilities\":{\(all.joined(separator: ","))}" : "")
            + ",\"unknown\":\(line.unknownTokens)}\n"
    }
}
