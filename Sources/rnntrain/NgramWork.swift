import Communication
import Failures
import Files
import Inference
import NGrams
import Runs
import TextData

/// How `ngram` estimates.
struct NgramSettings {
    let order: Int
    let prune: [Int]
    let limits: VocabularyLimits
    /// The checkpoint or run folder of the network with the vocabulary.
    let vocabulary: String?
}

/// Estimates an n-gram model, writes it as an ARPA file, and prints its figures.
func runEstimation(train: String, arpa: String, settings: NgramSettings, json: Bool) throws {
    let text = try sentences(train, settings)
    let model = try KneserNey(text, order: settings.order, prune: settings.prune)
    try model.write(arpa: arpa)
    try StandardOutput.printResult(json ? model.jsonText : model.text(arpa: arpa))
    let orders = model.discounts.indices.filter { model.discounts[$0].areFallback }.map { "\($0 + 1)" }
    if !orders.isEmpty {
        StandardError.note(
            "\(train): too few n-grams with small counts to compute the discounts of \(orders.count == 1 ? "order" : "orders") "
                + "\(orders.joined(separator: ", ")); they are 0.5, 1 and 1.5. This is normal for a small text.")
    }
}

private func sentences(_ train: String, _ settings: NgramSettings) throws -> NGramText {
    if let path = settings.vocabulary {
        let vocabulary = try NamedCheckpoint(path, option: "--vocabulary").open().vocabulary
        guard vocabulary.unit == .word else {
            throw InterpolationError.notWords(checkpoint: path, unit: vocabulary.unit.rawValue)
        }
        return try NGramText(TextSource(path: train, unit: .word), vocabulary: vocabulary, of: path)
    }
    let source = try TextSource(path: train, unit: .word)
    return try NGramText(source, vocabulary: Vocabulary(counting: source, limits: settings.limits))
}

extension KneserNey {
    /// The figures for people.
    fileprivate func text(arpa path: String) -> String {
        let head =
            "\(inFull: path): \(NumberText.grouped(text.wordCount)) tokens in \(NumberText.counted(text.lineCount, "line")), "
            + "\(NumberText.grouped(text.vocabulary.size)) words in the vocabulary\n"
        let rows = counts.indices.map { index in
            let values = discounts[index].values.map { NumberText.fixed($0, 4) }.joined(separator: " ")
            return "\(index + 1)-grams: \(NumberText.grouped(counts[index])), discounts \(values)"
        }
        return head + rows.joined(separator: "\n")
    }

    /// The figures as one JSON object.
    fileprivate var jsonText: String {
        let rows = counts.indices.map { index in
            let values = discounts[index].values.map(JSONText.number).joined(separator: ",")
            return "{\"order\":\(index + 1),\"ngrams\":\(counts[index]),\"discounts\":[\(values)],"
                + "\"fallback\":\(discounts[index].areFallback)}"
        }
        return "{\"tokens\":\(text.wordCount),\"lines\":\(text.lineCount),\"vocabulary\":\(text.vocabulary.size),"
            + "\"orders\":[\(rows.joined(separator: ","))]}"
    }
}
