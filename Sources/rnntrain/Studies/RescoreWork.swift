import Assessment
import Communication
import Failures
import Files
import TextData

/// How `rescore` combines scores and writes.
struct RescoreSettings {
    let format: NBestFormat
    let weights: RescoringWeights
    let tunes: Bool
    let output: String?
    let skipsUnknown: Bool
    let json: Bool
}

/// Rescores a list with the model of a checkpoint, and writes it.
func runRescoring(model: ScoringModel, list: NBestList, settings: RescoreSettings) throws {
    let folder = try settings.output.map { try ESPnetFolder($0, names: NBestFormat.espnetNames(of: list)) }
    let characters = settings.skipsUnknown ? SkippedCharacters() : nil
    var rescoring = try UnknownCharacterError.naming { try Rescoring(list, model: model, skipping: characters) }
    let references = list.references ?? []
    let weights = settings.tunes ? rescoring.tuned(references: references) : settings.weights
    rescoring.combine(weights)
    let report = RescoreReport(
        rescoring: rescoring, weights: weights, rates: references.isEmpty ? nil : rescoring.rates(weights, references: references)
    )
    if settings.json {
        try StandardOutput.printResult(report.json)
    } else if let text = settings.format.text(list, rescoring.scores) {
        try StandardOutput.printResult(text)
    } else if let folder {
        try folder.write(NBestFormat.espnetFiles(list, rescoring.scores))
    }
    if !settings.json { report.lines.forEach { StandardError.note("\(list.name): \($0)") } }
    if let characters { noteSkipped(characters.unknown, of: list.name) }
    tellOfReferences(list)
}

/// Tells of references without hypotheses, and of hypotheses without references.
private func tellOfReferences(_ list: NBestList) {
    if let first = list.unmatched.first {
        let utterances = NumberText.counted(list.unmatched.count, "utterance")
        StandardError.warn(
            "\(list.name): no hypothesis of \(utterances) of the references (first: '\(first)'). The word error rates count "
                + "\(NumberText.counted(list.unmatched.words, "word")) more as deleted.")
    }
    if list.references == nil, let utterance = list.firstWithoutReference {
        StandardError.note("\(list.name): no word error rate, because the utterance '\(utterance)' has no ref.")
    }
}

/// What `rescore` reports of a list.
private struct RescoreReport {
    let rescoring: Rescoring
    let weights: RescoringWeights
    let rates: Rescoring.Rates?

    private var tokenCount: Int { rescoring.scores.reduce(0) { $0 + $1.tokenCount } }
    private var unknownCount: Int { rescoring.scores.reduce(0) { $0 + $1.unknownCount } }

    var lines: [String] {
        let list = rescoring.list
        let weighting =
            list.hasAcoustic ? ", weight \(weights.weight), length bonus \(weights.lengthBonus)" : ", without acoustic scores"
        return [
            "\(NumberText.grouped(list.hypotheses.count)) \(list.hypotheses.count == 1 ? "hypothesis" : "hypotheses") of "
                + "\(NumberText.counted(list.utterances.count, "utterance"))\(weighting); "
                + "\(NumberText.grouped(unknownCount)) of \(NumberText.counted(tokenCount, "token")) unknown."
        ] + (rates.map { [rateLine($0)] } ?? [])
    }

    private func rateLine(_ rates: Rescoring.Rates) -> String {
        let before = rescoring.list.hasAcoustic ? "\(text(rates.acoustic)) by acoustic score, " : ""
        return
            "word error rate \(before)\(text(rates.combined)) rescored, \(text(rates.oracle)) of the best hypotheses (oracle); "
            + "\(NumberText.counted(rates.combined.words, "word")) of references."
    }

    private func text(_ errors: WordErrors) -> String {
        (errors.rate.map { NumberText.fixed(100 * $0, 2) + " %" } ?? "-") + " (\(NumberText.counted(errors.errors, "error")))"
    }

    var json: String {
        func object(_ errors: WordErrors?) -> String {
            guard let errors else { return "null" }
            return
                "{\"errors\":\(errors.errors),\"words\":\(errors.words),\"rate\":\(errors.rate.map(JSONText.number) ?? "null")}"
        }
        let hasAcoustic = rescoring.list.hasAcoustic
        func weight(_ value: Double) -> String { hasAcoustic ? JSONText.number(value) : "null" }
        return "{\"hypotheses\":\(rescoring.list.hypotheses.count),\"utterances\":\(rescoring.list.utterances.count),"
            + "\"weight\":\(weight(weights.weight)),\"length_bonus\":\(weight(weights.lengthBonus)),"
            + "\"tokens\":\(tokenCount),\"oovs\":\(unknownCount),\"acoustic\":\(object(hasAcoustic ? rates?.acoustic : nil)),"
            + "\"combined\":\(object(rates?.combined)),\"oracle\":\(object(rates?.oracle)),"
            + "\"utterances_without_hypothesis\":\(rescoring.list.unmatched.count)}"
    }
}
