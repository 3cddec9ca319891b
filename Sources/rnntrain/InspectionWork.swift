import Communication
import Failures
import Files
import Inspection
import Runs
import Tasks
import TextData

/// What `inspect` reads and how it writes.
struct InspectionSettings {
    let tokens: Int
    let lags: Int
    let unit: TextActivity.Unit?
    /// What the units are correlated with; nil for nothing.
    let property: TextProperty?
    /// The file for a page; nil for none.
    let html: String?
    let json: Bool
}

/// Looks inside the model of a checkpoint while it reads a text, and prints what it found.
func runInspection(checkpoint: StoredCheckpoint, data: String, _ settings: InspectionSettings) throws {
    let task = checkpoint.configuration.taskType
    guard task.predictsTokens else { throw StoredRunError.noTokenModel(task: task.name) }
    let shape = checkpoint.modelShape
    let lapack = try LAPACK()
    if let unit = settings.unit, unit.layer >= shape.layers || unit.index >= shape.layerSize {
        throw InspectionError.noUnit(unit, layers: shape.layers, units: shape.layerSize)
    }
    let vocabulary = checkpoint.vocabulary
    let text = try NamedText.opened(data, unit: vocabulary.unit)
    let (tokens, sources) = try firstTokens(settings.tokens, of: text, vocabulary, withSources: settings.property != nil)
    guard tokens.count > 1 else { throw TextDataError.textTooShort(source: text.name, tokenCount: tokens.count) }

    warnOfLines(checkpoint)
    let correlations = try settings.property.map { try correlate($0, checkpoint, tokens, sources, text.name) }
    // A page shows the unit that follows the property most closely.
    let unit = settings.unit ?? (settings.html == nil ? nil : correlations?.units.first?.unit)
    let activity = try TextActivity(
        InspectedModel(checkpoint, steps: min(35, tokens.count), streams: 1), tokens, unit: unit,
        checkpoint: checkpoint.path)
    let steps = min(settings.lags + 1, tokens.count - 1)
    let inspected = try InspectedModel(
        checkpoint, steps: steps, streams: min(GradientReach.rowsAtOnce, max(shape.layerSize, steps)))
    let lags = max(1, steps - 1)
    let reach = try GradientReach(inspected, tokens, checkpoint: checkpoint.path).limited(toLags: lags)
    let spectra = try spectra(of: inspected, layers: shape.layers, with: lapack)
    let report = InspectionReport(
        checkpoint: checkpoint.path, unknown: UnknownCount(of: tokens, vocabulary), reach: reach, spectra: spectra,
        isBounded: inspected.model.isBoundedByRecurrentMatrix, activity: activity, unit: unit, correlations: correlations,
        symbols: TokenTexts(vocabulary), vocabulary: vocabulary)
    noteTokens(report.unknown, lags: lags, settings, of: text.name)
    try printResult(settings.json ? report.json : report.text(isColoured: StandardOutput.isTerminal)) {
        if let html = settings.html { try DurableFile.write(report.page.html, to: html) }
    }
}

/// The spectrum of the recurrent matrices of each layer. Throws (70) if a limit of the process leaves no room for the buffer of OpenBLAS, which would
/// otherwise try again for ever.
private func spectra(of inspected: InspectedModel, layers: Int, with lapack: LAPACK) throws -> [[RecurrentSpectrum]] {
    try ProcessRoom.require(bytes: 136 << 20)
    return (0..<layers).map { RecurrentSpectrum.ofLayer($0, gates: inspected.model.gateNames, in: inspected, with: lapack) }
}

/// Warns that a model reads the text otherwise than in its training.
private func warnOfLines(_ checkpoint: StoredCheckpoint) {
    guard checkpoint.configuration.separatesLines else { return }
    StandardError.warn(
        "\(checkpoint.path): the model was trained with --batching sentences, where each line begins from the initial state, after a line end. "
            + "inspect reads the text as one stream: its state and its probabilities after the first line are not those of score. Give it a text "
            + "that is an empty line and one other line.")
}

/// The first tokens of a text, and with `withSources` the part of the text that each stands for: nil for a line end that is no character of the text.
private func firstTokens(
    _ count: Int, of text: OpenedText, _ vocabulary: Vocabulary, withSources: Bool
) throws -> (tokens: [Int32], sources: [[UInt8]?]) {
    var (tokens, sources) = ([Int32](), [[UInt8]?]())
    let characters = SkippedCharacters()
    var (before, skipped) = (0, 0)
    try vocabulary.encodeLines(TextSource(examining: text), skipping: characters) { line in
        defer { before = characters.unknown.count }
        let first = line.tokens.prefix(count - tokens.count)
        if !first.isEmpty {
            let isWhole = first.count == line.tokens.count
            skipped = isWhole ? characters.unknown.count : before + line.skippedCount(before: first.count - 1)
        }
        tokens += first
        guard withSources else { return }
        let end = line.isEnded && vocabulary.endOfLineID != nil ? line.tokens.count - 1 : nil
        sources += first.indices.map { $0 == end ? nil : Array(line.source(of: $0)) }
    }
    noteSkipped(characters.unknown.prefix(skipped), of: text.name)
    return (tokens, sources)
}

/// Tells how many tokens are read, how many of them are unknown, and whether the lags end before those that were asked for.
private func noteTokens(_ unknown: UnknownCount, lags: Int, _ settings: InspectionSettings, of name: String) {
    StandardError.note("\(name): \(NumberText.counted(unknown.tokens, "token")), \(unknown.text)")
    guard lags < settings.lags else { return }
    StandardError.note(
        "\(name): \(NumberText.counted(unknown.tokens, "token")) are too few for --lags \(settings.lags); the largest lag is \(lags)."
    )
}

/// The units of a model by their correlation with a property of a text.
private func correlate(
    _ property: TextProperty, _ checkpoint: StoredCheckpoint, _ tokens: [Int32], _ sources: [[UInt8]?], _ name: String
) throws -> (property: TextProperty, units: [UnitCorrelation]) {
    let values = property.values(of: sources, separates: checkpoint.vocabulary.unit.isSpaced)
    guard let first = values.first, values.contains(where: { $0 != first }) else {
        throw InspectionError.constant(property, text: name, tokens: tokens.count)
    }
    let model = try InspectedModel(checkpoint, steps: min(35, tokens.count), streams: 1)
    return (property, try UnitCorrelation.all(model, tokens, values: values, checkpoint: checkpoint.path))
}

/// An option of `inspect` that the model or the text does not fit.
enum InspectionError: UserFacingError {
    case noUnit(TextActivity.Unit, layers: Int, units: Int)
    case constant(TextProperty, text: String, tokens: Int)

    var exitStatus: ExitStatus {
        if case .constant = self { .badData } else { .usage }
    }

    var description: String {
        switch self {
        case .constant(let property, let text, let tokens):
            "\(text): \(property.rawValue) has the same value at all of the \(NumberText.counted(tokens, "token")), so no unit can follow it. "
                + "Read more of the text with --tokens, or another text."
        case .noUnit(let unit, let layers, let units):
            "--unit \(unit.layer):\(unit.index): the model has the layers 0 to \(layers - 1) with the units 0 to \(units - 1) each. "
                + "Give one of these."
        }
    }
}
