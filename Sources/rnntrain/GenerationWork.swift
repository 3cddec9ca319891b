import Communication
import TextData
import Training

/// Draws text from a checkpoint's model, and writes it as it is made.
func runGeneration(checkpoint: String, sampling: SamplingOptions, rule: SamplingRule, length: Int) throws {
    let model = try StoredModel(checkpoint: checkpoint, steps: 1)
    let prompt = try encodedPrompt(sampling, model.vocabulary)
    var stream = TextStream()
    try Generation(model: model, rule: rule).generate(after: prompt, length: length) { try stream.append($0) }
    try stream.end(ofBytes: model.unit == .byte)
}

/// The tokens of the prompt; what of it the model does not know is noted.
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
    let fate = vocabulary.unknownID == nil ? (isOne ? "is left out" : "are left out") : (isOne ? "stands" : "stand") + " as <unk>"
    return
        "the model does not know \(unknown.count) of the prompt's \(prompt.symbolCount) \(vocabulary.unit == .word ? "words" : "characters"), "
        + "which \(fate): the first is \(unknown.first.debugDescription), at byte \(unknown.byteOffset)."
}
