package import Models
public import Runs
package import TextData

/// Generates text with a model.
public struct Generation {
    private let model: LanguageModel
    private let vocabulary: Vocabulary
    /// The path of the parameters, for messages.
    private let path: String
    private let sampler: Sampler
    /// The number of the first sample, which selects the random numbers.
    private let firstSample: Int

    /// Generates with the model of a checkpoint.
    public init(model: StoredModel, rule: SamplingRule) {
        self.init(model.model, model.vocabulary, checkpoint: model.path, rule: rule)
    }

    /// Generates with a model of one stream and windows of one step or more. `checkpoint` names it in errors; `sample` is the number
    /// of the first text, which selects the random numbers.
    package init(_ model: LanguageModel, _ vocabulary: Vocabulary, checkpoint: String, rule: SamplingRule, sample: Int = 0) {
        (self.model, self.vocabulary, path, firstSample) = (model, vocabulary, checkpoint, sample)
        sampler = Sampler(rule)
    }

    /// Passes the text of the prompt to `sink`, followed by that of each of `length` sampled tokens, as soon as it is sampled.
    ///
    /// Without a prompt, the text begins as after a line end if the vocabulary has one, otherwise as after its first symbol,
    /// which is not output. `<unk>` is never sampled. Throws the errors of `sink`. Memory does not grow with `length`.
    public func generate(after prompt: [Int32], length: Int, to sink: ([UInt8]) throws -> Void) throws {
        model.resetState()
        var decoder = TokenDecoder(vocabulary)
        var text: [UInt8] = []
        for token in prompt { decoder.append(token, to: &text) }
        try sink(text)
        for token in prompt.dropLast() { step(token) }
        var last = prompt.last ?? vocabulary.startToken
        for place in 0..<length {
            step(last)
            last = try draw(place: place, sample: firstSample)
            text.removeAll(keepingCapacity: true)
            decoder.append(last, to: &text)
            try sink(text)
        }
    }

    /// Passes `count` generated lines to `sink`. Each begins from the initial state, as after a line end, continues `prompt`, and
    /// ends with a line end or after `length` sampled tokens.
    ///
    /// Throws the errors of `sink`. A line does not depend on the previous lines.
    public func generateLines(_ count: Int, after prompt: [Int32], length: Int, to sink: ([UInt8]) throws -> Void) throws {
        let lineEnd = vocabulary.lineEndID
        for number in 0..<count {
            var decoder = TokenDecoder(vocabulary)
            var text: [UInt8] = []
            model.resetState()
            var last = vocabulary.startToken
            for token in prompt {
                step(last)
                last = token
                decoder.append(token, to: &text)
            }
            var place = 0
            while place < length, prompt.isEmpty && place == 0 || last != lineEnd {
                step(last)
                last = try draw(place: place, sample: firstSample + number)
                place += 1
                if last != lineEnd { decoder.append(last, to: &text) }
            }
            try sink(text + [0x0A])
        }
    }

    /// Throws `StoredRunError.overflow` if a logit is not finite.
    private func draw(place: Int, sample: Int) throws(StoredRunError) -> Int32 {
        let logits = model.logits()
        let row = UnsafeBufferPointer(start: UnsafePointer(logits.pointer), count: logits.columns)
        guard row.allSatisfy(\.isFinite) else {
            throw .overflow(checkpoint: path, place: "generated token \(place + 1)")
        }
        return sampler.draw(row, place: place, sample: sample, excluding: vocabulary.unknownID)
    }

    private func step(_ token: Int32) {
        model.forward([token], steps: 1)
        model.carryState(steps: 1)
    }
}
