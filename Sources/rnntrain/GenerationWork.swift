import Communication
import Failures
import Inference
import Tasks
import Runs
import TextData

/// Generates text with the model of a checkpoint, and writes it token by token, or line by line on request or if the model was
/// trained on lines.
func runGeneration(
    checkpoint: StoredCheckpoint, sampling: SamplingOptions, rule: SamplingRule, length: Int, lines: Int?
) throws {
    let model = try StoredModel(checkpoint, steps: 1)
    try model.requireTokens()
    let prompt = try encodedPrompt(sampling, model.vocabulary)
    var stream = TextStream()
    let generation = Generation(model: model, rule: rule)
    if let count = lines ?? (model.separatesLines ? 1 : nil) {
        try generation.generateLines(count, after: prompt, length: length) { try stream.append($0) }
    } else {
        try generation.generate(after: prompt, length: length) { try stream.append($0) }
    }
    try stream.end(ofBytes: model.unit == .byte)
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
    let noun = vocabulary.unit == .word ? "words" : "characters"
    return "\(unknown.count) of \(prompt.symbolCount) \(noun) of the prompt \(verb) not in the vocabulary and \(effect); "
        + "the first is \(Quotation.of(unknown.first, longest: 60).debugDescription) at byte \(unknown.byteOffset)."
}
