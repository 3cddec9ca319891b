import Communication
import Failures
import Inference
import Runs
import TextData

/// How `score` reads and writes.
struct ScoreSettings {
    let format: ScoreFormat
    let base: LogarithmBase
    let carriesState: Bool
    let skipsUnknown: Bool
}

/// Scores each token of a text with a checkpoint's parameters, and writes the scores line by line.
func runScoring(checkpoint: StoredCheckpoint, data: String, settings: ScoreSettings) throws {
    let model = try StoredModel(checkpoint, steps: LineScorer.windowLength)
    let text = try NamedText.opened(data, unit: model.unit)
    let source = try TextSource(examining: text)
    let characters = settings.skipsUnknown ? SkippedCharacters() : nil
    let scorer = LineScorer(model, carriesState: settings.carriesState)
    var writer = settings.format.writer(settings.base, TokenTexts(model.vocabulary))
    var stream = TextStream()
    var failure: (any Error)?
    try UnknownCharacterError.naming {
        try model.vocabulary.encodeLines(source, skipping: characters) { line in
            if failure != nil { return }
            do {
                let scored = scorer.score(line)
                // Written with the first line, so that the output stays empty if the text cannot be read.
                let text = (scored.number == 1 ? writer.header : "") + writer.text(of: scored)
                try stream.append(Array(text.utf8))
            } catch { failure = error }
        }
    }
    if let failure { throw failure }
    let score = scorer.total
    guard score.tokens > 0 else {
        throw TextDataError.textTooShort(source: text.name, tokenCount: scorer.tokenCount)
    }
    let total = ScoreTotal(
        name: text.name, lineCount: scorer.lineCount, score: score, skipped: characters?.unknown.count)
    let footer = writer.footer(total)
    try stream.append(Array((footer ?? "").utf8))
    try stream.end(ofBytes: true)
    if footer == nil { StandardError.note("\(text.name): \(NumberText.counted(scorer.lineCount, "line")), \(score.text)") }
    if let warning = score.unknown.warning(of: text.name) { StandardError.warn(warning) }
    if let characters { noteSkipped(characters.unknown, of: text.name) }
}
