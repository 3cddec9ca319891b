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
    if adaptation.dynamic != nil, let place = evaluation.score.firstOverflow {
        throw DynamicOverflow(place: place, text: text.name)
    }
    try evaluation.score.requireFinite(model: model.path, text: text.name)
    try printFigures(
        of: evaluation, text: text.name, vocabulary: model.vocabulary,
        members: skippedMembers(evaluation, skippingUnknown) + adaptation.jsonMembers, json: json)
    if let statistics = adaptation.statistics { noteSkipped(evaluation.skippedInStatistics, of: statistics) }
    if let losses = evaluation.dynamicLosses, let token = losses.firstDiverged { warnOfDivergence(losses, token, text.name) }
}

/// The number of skipped characters, if they are skipped. An n-gram model skips none.
private func skippedMembers(_ evaluation: TaskEvaluation, _ skipsUnknown: Bool) -> [String] {
    skipsUnknown ? ["\"skipped_characters\":\(evaluation.skipped.count)"] : []
}

private func warnOfDivergence(_ losses: DynamicLosses, _ token: Int, _ text: String) {
    StandardError.warn(
        "\(text): from scored token \(NumberText.grouped(token)) on, the mean loss of the model with dynamic evaluation is above "
            + "\(NumberText.fixed(losses.uniformLoss, 2)) nats, that of equally probable tokens. It has probably diverged: lower --dynamic-rate."
    )
}

/// Dynamic evaluation whose numbers overflow.
struct DynamicOverflow: UserFacingError {
    let place: String
    let text: String

    var exitStatus: ExitStatus { .badData }

    var description: String {
        "dynamic evaluation has diverged: the loss of \(place) of \(text) is not finite. Lower --dynamic-rate."
    }
}

/// Scores a text with an n-gram model, and prints the figures.
func runEvaluation(nGrams model: NGramModel, path: String, data: String, skippingUnknown: Bool, json: Bool) throws {
    let text = try NamedText.opened(data, unit: .word)
    let evaluation = try TaskEvaluation(of: text, nGrams: model)
    try evaluation.score.requireFinite(model: path, text: text.name)
    try printFigures(
        of: evaluation, text: text.name, vocabulary: nil, members: skippedMembers(evaluation, skippingUnknown), json: json)
}

/// - Parameters:
///   - vocabulary: that of a network.
///   - members: further members of the JSON object.
private func printFigures(
    of evaluation: TaskEvaluation, text: String, vocabulary: Vocabulary?, members: [String], json: Bool
) throws {
    let score = evaluation.score
    if json {
        let labels = score.confusion.map { LabelReport($0).jsonMembers }
        let all = [score.jsonFigures] + [labels].compactMap { $0 } + members
        try StandardOutput.printResult("{\(all.joined(separator: ","))}")
    } else {
        try StandardOutput.printResult(
            ([score.text] + [score.confusion.map { LabelReport($0).text }].compactMap { $0 }).joined(separator: "\n"))
    }
    if let warning = score.warning(of: text, scoredWith: vocabulary) { StandardError.warn(warning) }
    if let note = score.note(of: text, tokenCount: evaluation.tokenCount) { StandardError.note(note) }
    noteSkipped(evaluation.skipped, of: text)
}

func noteSkipped(_ skipped: UnknownSymbols, of name: String) {
    guard skipped.count > 0 else { return }
    StandardError.note(
        "\(name): skipped \(NumberText.counted(skipped.count, "character")) that \(skipped.count == 1 ? "is" : "are") not in the vocabulary; "
            + "the first is \(skipped.first.debugDescription) at byte \(skipped.byteOffset)\(skipped.part.map { " of \($0)" } ?? "")."
    )
}

extension Adaptation {
    /// The methods as members of a JSON object.
    fileprivate var jsonMembers: [String] {
        var members: [(name: String, value: String)] = []
        if let mixture { members.append(("network_weight", JSONText.number(mixture.weight))) }
        if let dynamic {
            members += [("dynamic_rate", "\(dynamic.rate)"), ("dynamic_decay", "\(dynamic.decay)")]
            members.append(("dynamic_window", "\(dynamic.window)"))
            if let epsilon = dynamic.epsilon { members.append(("dynamic_epsilon", "\(epsilon)")) }
        }
        if let statistics { members.append(("dynamic_rms", JSONText.string(statistics))) }
        if let cache {
            members += [("cache_size", "\(cache.size)"), ("cache_theta", "\(cache.theta)"), ("cache_lambda", "\(cache.lambda)")]
        }
        return members.map { "\"\($0.name)\":\($0.value)" }
    }
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
