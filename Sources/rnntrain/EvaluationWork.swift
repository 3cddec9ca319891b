import Communication
import Failures
import Files
import Inference
import NGrams
import Runs
import Tasks
import TextData

/// Scores a text with a checkpoint's parameters, and with what else `adaptation` has, and prints the figures.
func runEvaluation(
    checkpoint: StoredCheckpoint, adaptation: Adaptation, data: String, skippingUnknown: Bool, json: Bool
) throws {
    let model = try StoredModel(checkpoint, steps: Evaluation.windowLength)
    let text = try NamedText.opened(data, unit: model.unit)
    let evaluation = try UnknownCharacterError.naming {
        try TaskEvaluation(of: text, model: model, adaptation: adaptation, skippingUnknown: skippingUnknown)
    }
    try evaluation.score.requireFinite(model: model.path, text: text.name)
    try printFigures(
        of: evaluation, text: text.name, skipped: skippingUnknown ? evaluation.skipped.count : nil,
        networkWeight: adaptation.mixture?.weight, json: json)
}

/// Scores a text with an n-gram model, and prints the figures.
func runEvaluation(nGrams model: NGramModel, path: String, data: String, json: Bool) throws {
    let text = try NamedText.opened(data, unit: .word)
    let evaluation = try TaskEvaluation(of: text, nGrams: model)
    try evaluation.score.requireFinite(model: path, text: text.name)
    try printFigures(of: evaluation, text: text.name, skipped: nil, networkWeight: nil, json: json)
}

private func printFigures(
    of evaluation: TaskEvaluation, text: String, skipped: Int?, networkWeight: Double?, json: Bool
) throws {
    let score = evaluation.score
    if json {
        let members = [
            score.jsonFigures, score.confusion.map { LabelReport($0).jsonMembers },
            skipped.map { "\"skipped_characters\":\($0)" },
            networkWeight.map { "\"network_weight\":\(JSONText.number($0))" },
        ]
        try StandardOutput.printResult("{\(members.compactMap { $0 }.joined(separator: ","))}")
    } else {
        try StandardOutput.printResult(
            ([score.text] + [score.confusion.map { LabelReport($0).text }].compactMap { $0 }).joined(separator: "\n"))
    }
    if let warning = score.warning(of: text) { StandardError.warn(warning) }
    noteSkipped(evaluation.skipped, of: text)
}

func noteSkipped(_ skipped: UnknownSymbols, of name: String) {
    guard skipped.count > 0 else { return }
    StandardError.note(
        "\(name): skipped \(NumberText.counted(skipped.count, "character")) that \(skipped.count == 1 ? "is" : "are") not in the vocabulary; "
            + "the first is \(skipped.first.debugDescription) at byte \(skipped.byteOffset).")
}

extension TaskScore {
    /// The figures as members of a JSON object.
    var jsonFigures: String {
        figures.map { figure in
            let value =
                switch figure.value {
                case .integer(let integer): "\(integer)"
                case .number(let number): JSONText.number(number)
                case .none: "null"
                }
            return "\"\(figure.name)\":\(value)"
        }.joined(separator: ",")
    }
}
