import Communication
import Failures
import Inference
import Tasks
import Runs
import TextData

/// What `generate` writes.
struct GenerationSettings {
    let rule: SamplingRule
    /// The largest number of tokens of a text.
    let length: Int
    /// The number of texts or lines; nil for one text.
    let samples: Int?
    /// Between two texts; nil if the samples are lines.
    let separator: String?
    let stops: [String]
    /// The width of a beam search; nil for sampling.
    let beam: Int?
    /// The exponent of its normalisation by length.
    let lengthPenalty: Double
}

/// Generates text with the model of a checkpoint, and writes it token by token, or line by line on request or if the model was
/// trained on lines.
func runGeneration(checkpoint: StoredCheckpoint, sampling: SamplingOptions, settings: GenerationSettings) throws {
    let model = try StoredModel(checkpoint, steps: 1)
    try model.requireTokens()
    var prompt = try encodedPrompt(sampling, model.vocabulary)
    var stream = TextStream()
    let isOfLines = settings.separator == nil && (settings.samples != nil || model.separatesLines)
    if isOfLines { try PromptLinesError.takeLine(&prompt, lineEnd: model.vocabulary.lineEndID) }
    if let width = settings.beam {
        try writeBeam(model, prompt, settings, width: width, ofLines: isOfLines, to: &stream)
    } else if isOfLines {
        try Generation(model: model, rule: settings.rule, stops: settings.stops)
            .generateLines(settings.samples ?? 1, after: prompt, length: settings.length) { try stream.append($0) }
    } else {
        let generation = Generation(model: model, rule: settings.rule, stops: settings.stops)
        for sample in 0..<(settings.samples ?? 1) {
            if sample > 0 { try stream.append(settings.separatingBytes(after: stream)) }
            try generation.generate(after: prompt, length: settings.length, sample: sample) { try stream.append($0) }
        }
    }
    try stream.end(ofBytes: model.unit == .byte)
}

/// Writes the most probable texts that a beam search finds, with the prompt before each.
private func writeBeam(
    _ model: StoredModel, _ prompt: [Int32], _ settings: GenerationSettings, width: Int, ofLines: Bool,
    to stream: inout TextStream
) throws {
    let search = BeamSearch(
        model: model, width: width, stops: settings.stops, endsAtLineEnd: ofLines, lengthPenalty: settings.lengthPenalty)
    var decoder = TokenDecoder(model.vocabulary)
    var start: [UInt8] = []
    for token in prompt { decoder.append(token, to: &start) }
    decoder.end(to: &start)
    for (index, found) in try search.search(after: prompt, length: settings.length).prefix(settings.samples ?? 1).enumerated() {
        if index > 0, !ofLines { try stream.append(settings.separatingBytes(after: stream)) }
        try stream.append(start + found.text + (ofLines ? [0x0A] : []))
    }
}

extension GenerationSettings {
    /// A line with the separator, on a line of its own.
    fileprivate func separatingBytes(after stream: TextStream) -> [UInt8] {
        Array(((stream.endsLine ? "" : "\n") + (separator ?? "") + "\n").utf8)
    }
}

/// The tokens of the prompt. A note reports words or characters that the model does not know.
private func encodedPrompt(_ sampling: SamplingOptions, _ vocabulary: Vocabulary) throws -> [Int32] {
    let bytes = try sampling.prompt.bytes()
    let prompt = try UnknownCharacterError.naming {
        try vocabulary.encode(prompt: bytes, skippingUnknown: sampling.skipUnknown)
    }
    if prompt.unknown.count > 0 { StandardError.note(sentence(prompt, vocabulary)) }
    return prompt.tokens
}

private func sentence(_ prompt: EncodedPrompt, _ vocabulary: Vocabulary) -> String {
    let (unknown, isOne) = (prompt.unknown, prompt.unknown.count == 1)
    let verb = isOne ? "is" : "are"
    let effect = vocabulary.unknownID == nil ? "\(verb) skipped" : "\(verb) read as <unk>"
    let noun =
        switch vocabulary.unit {
        case .word: "words"
        case .char, .byte: "characters"
        case .integers, .regex, .sentencepiece: "tokens"
        }
    return "\(unknown.count) of \(prompt.symbolCount) \(noun) of the prompt \(verb) not in the vocabulary and \(effect); "
        + "the first is \(Quotation.of(unknown.first, longest: 60).debugDescription) at byte \(unknown.byteOffset)."
}
