import Communication
import Failures
import Inference
import Runs
import Tasks
import TextData

/// How `score` reads and writes.
struct ScoreSettings {
    let format: ScoreFormat
    let base: LogarithmBase
    let skipsUnknown: Bool
    /// The weight of the network in an interpolation; otherwise nil.
    var networkWeight: Double?
}

/// Scores each token of a text with the model at `path`, and writes the scores line by line.
func runScoring(_ scorer: any TokenScorer, path: String, data: String, settings: ScoreSettings) throws {
    let text = try NamedText.opened(data, unit: scorer.vocabulary.unit)
    let characters = settings.skipsUnknown ? SkippedCharacters() : nil
    var writer = settings.format.writer(settings.base, TokenTexts(scorer.vocabulary))
    var stream = TextStream()
    try UnknownCharacterError.naming {
        try scorer.score(text, skipping: characters) { line in
            // Not before the first line, so that a text that cannot be read leaves the output empty.
            try scorer.total.requireFinite(model: path, text: text.name)
            let output = (line.number == 1 ? writer.header : "") + writer.text(of: line)
            try stream.append(Array(output.utf8))
        }
    }
    let score = scorer.total.of(try text.extent())
    let total = ScoreTotal(
        name: text.name, lineCount: scorer.lineCount, score: score, skipped: characters?.unknown.count,
        networkWeight: settings.networkWeight)
    let footer = writer.footer(total)
    try stream.append(Array((footer ?? "").utf8))
    try stream.end(ofBytes: true)
    if footer == nil { StandardError.note("\(text.name): \(NumberText.counted(scorer.lineCount, "line")), \(score.text)") }
    // The other formats with totals print no perplexity by word or by byte.
    if footer == nil || settings.format == .json, let note = score.note(of: text.name, tokenCount: scorer.tokenCount) {
        StandardError.note(note)
    }
    if let warning = score.unknown.warning(of: text.name, scoredWith: scorer.vocabulary) { StandardError.warn(warning) }
    if let characters { noteSkipped(characters.unknown, of: text.name) }
}
