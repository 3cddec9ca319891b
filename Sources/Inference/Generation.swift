public import Runs
import TextData

/// Generates text with a model.
public struct Generation {
    private let stored: StoredModel
    private let sampler: Sampler

    public init(model: StoredModel, rule: SamplingRule) {
        stored = model
        sampler = Sampler(rule)
    }

    /// Passes the text of the prompt to `sink`, followed by that of each of `length` sampled tokens, as soon as it is sampled.
    ///
    /// Without a prompt, the text begins as after a line end if the vocabulary has one, otherwise as after its first symbol,
    /// which is not output. `<unk>` is never sampled. Throws the errors of `sink`. Memory does not grow with `length`.
    public func generate(after prompt: [Int32], length: Int, to sink: ([UInt8]) throws -> Void) throws {
        stored.model.resetState()
        var decoder = TokenDecoder(stored.vocabulary)
        var text: [UInt8] = []
        for token in prompt { decoder.append(token, to: &text) }
        try sink(text)
        for token in prompt.dropLast() { step(token) }
        var last = prompt.last ?? stored.startToken
        for place in 0..<length {
            step(last)
            last = try draw(place: place, sample: 0)
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
        let lineEnd = stored.vocabulary.lineEndID
        for number in 0..<count {
            var decoder = TokenDecoder(stored.vocabulary)
            var text: [UInt8] = []
            stored.model.resetState()
            var last = stored.startToken
            for token in prompt {
                step(last)
                last = token
                decoder.append(token, to: &text)
            }
            var place = 0
            while place < length, prompt.isEmpty && place == 0 || last != lineEnd {
                step(last)
                last = try draw(place: place, sample: number)
                place += 1
                if last != lineEnd { decoder.append(last, to: &text) }
            }
            try sink(text + [0x0A])
        }
    }

    /// Throws `StoredRunError.overflow` if a logit is not finite.
    private func draw(place: Int, sample: Int) throws(StoredRunError) -> Int32 {
        let logits = stored.model.logits()
        let row = UnsafeBufferPointer(start: UnsafePointer(logits.pointer), count: logits.columns)
        guard row.allSatisfy(\.isFinite) else {
            throw .overflow(checkpoint: stored.path, place: "generated token \(place + 1)")
        }
        return sampler.draw(row, place: place, sample: sample, excluding: stored.vocabulary.unknownID)
    }

    private func step(_ token: Int32) {
        stored.model.forward([token], steps: 1)
        stored.model.carryState(steps: 1)
    }
}
