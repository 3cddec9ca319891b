public import TextData

/// Text from a model.
public struct Generation {
    private let stored: StoredModel
    private let sampler: Sampler

    public init(model: StoredModel, rule: SamplingRule) {
        stored = model
        sampler = Sampler(rule)
    }

    /// The prompt followed by `length` drawn tokens.
    ///
    /// Without a prompt the text begins as after a line's end where the vocabulary has one, else with its first symbol unseen. `<unk>` is never
    /// drawn. Throws for a prompt with characters that the model does not know.
    public func text(prompt: String, length: Int) throws(TextDataError) -> String {
        let given = try stored.vocabulary.encode(prompt)
        var tokens = given.isEmpty ? [startToken] : given
        let skipped = given.isEmpty ? 1 : 0
        for token in tokens.dropLast() { step(token) }
        for place in 0..<length {
            step(tokens[tokens.count - 1])
            let logits = stored.model.logits()
            let row = UnsafeBufferPointer(start: UnsafePointer(logits.pointer), count: logits.columns)
            tokens.append(sampler.draw(row, place: place, excluding: stored.vocabulary.unknownID))
        }
        return stored.vocabulary.decode(Array(tokens.dropFirst(skipped)))
    }

    private var startToken: Int32 { stored.vocabulary.endOfLineID ?? stored.vocabulary.id(of: "\n") ?? 0 }

    private func step(_ token: Int32) {
        stored.model.forward([token], steps: 1)
        stored.model.carryState(steps: 1)
    }
}
