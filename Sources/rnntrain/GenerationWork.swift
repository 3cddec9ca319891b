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
    let prompt = try GenerationPrompt(encodedPrompt(sampling, model.vocabulary), of: model, asLines: settings.asksForLines)
    var stream = TextStream()
    if let width = settings.beam {
        try writeBeam(model, prompt, settings, width: width, to: &stream)
    } else {
        let generation = Generation(model: model, rule: settings.rule, stops: settings.stops)
        for sample in 0..<(settings.samples ?? 1) {
            if sample > 0, !prompt.isLine { try stream.append(settings.separatingBytes(after: stream)) }
            try generation.generate(prompt, length: settings.length, sample: sample) { try stream.append($0) }
            if prompt.isLine { try stream.append([0x0A]) }
        }
    }
    try stream.end(ofBytes: model.unit == .byte)
}

/// Writes the most probable texts that a beam search finds, with the prompt before each. A note tells if fewer texts are found than
/// asked for.
private func writeBeam(
    _ model: StoredModel, _ prompt: GenerationPrompt, _ settings: GenerationSettings, width: Int, to stream: inout TextStream
) throws {
    let search = BeamSearch(
        model: model, width: width, stops: settings.stops, endsAtLineEnd: prompt.isLine, lengthPenalty: settings.lengthPenalty)
    var decoder = TokenDecoder(model.vocabulary)
    var start: [UInt8] = []
    for token in prompt.tokens { decoder.append(token, to: &start) }
    decoder.end(to: &start)
    let (result, asked) = (try search.search(after: prompt.tokens, length: settings.length), settings.samples ?? 1)
    for (index, text) in result.texts.prefix(asked).enumerated() {
        if index > 0, !prompt.isLine { try stream.append(settings.separatingBytes(after: stream)) }
        try stream.append(start + text.text + (prompt.isLine ? [0x0A] : []))
    }
    let count = result.texts.count
    guard count < asked else { return }
    let texts = NumberText.counted(count, prompt.isLine ? "line" : "text")
    StandardError.note(
        "--samples \(asked): "
            + (result.isComplete
                ? "only \(texts) of at most \(NumberText.counted(settings.length, "token")) \(count == 1 ? "exists" : "exist")."
                : "the beam ended with only \(texts), because equal ones count once. A wider --beam may find more."))
}

extension GenerationSettings {
    /// Whether the texts are lines; nil: if the model was trained on lines.
    fileprivate var asksForLines: Bool? { separator != nil ? false : samples != nil ? true : nil }

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
