package import Models
public import Runs
package import TextData

/// Generates text with a model.
public struct Generation {
    private let model: SequenceModel
    private let vocabulary: Vocabulary
    /// The path of the parameters, for messages.
    private let path: String
    private let sampler: Sampler
    /// The number of the first sample, which selects the random numbers.
    private let firstSample: Int
    /// The line end of a model of lines, each of which begins from the initial state; nil for a model of a stream.
    private let lineSeparator: Int32?
    private let stops: [String]

    /// Generates with the model of a checkpoint.
    ///
    /// - Parameter stops: strings that end a text. They are not part of it.
    public init(model: StoredModel, rule: SamplingRule, stops: [String] = []) {
        self.init(
            model.model, model.vocabulary, checkpoint: model.path, rule: rule, separatesLines: model.separatesLines, stops: stops)
    }

    /// Generates with a model of one stream and windows of one step or more. `checkpoint` names it in errors; `sample` is the number
    /// of the first text, which selects the random numbers.
    package init(
        _ model: SequenceModel, _ vocabulary: Vocabulary, checkpoint: String, rule: SamplingRule, sample: Int = 0,
        separatesLines: Bool, stops: [String] = []
    ) {
        lineSeparator = separatesLines ? vocabulary.lineEndID : nil
        (self.model, self.vocabulary, path, firstSample) = (model, vocabulary, checkpoint, sample)
        sampler = Sampler(rule)
        self.stops = stops
    }

    /// Passes the text of the prompt to `sink`, followed by that of each of `length` sampled tokens, as soon as it is sampled.
    ///
    /// Without a prompt, the text begins as after a line end if the vocabulary has one, otherwise as after its first symbol,
    /// which is not output. A model of lines begins each line from the initial state, after a line end, as in its training. `<unk>` is
    /// never sampled. Throws the errors of `sink`. Memory does not grow with `length`.
    ///
    /// - Parameter sample: the number of the text. Texts of different numbers have independent random numbers.
    public func generate(
        after prompt: [Int32], length: Int, sample: Int = 0, to sink: ([UInt8]) throws -> Void
    ) throws {
        model.resetState()
        var decoder = TokenDecoder(vocabulary)
        var filter = StopFilter(stops)
        var text: [UInt8] = []
        for token in prompt { decoder.append(token, to: &text) }
        try sink(text)
        let inputs = lineSeparator != nil || prompt.isEmpty ? [vocabulary.startToken] + prompt : prompt
        for token in inputs.dropLast() { model.read(token, lineEnd: lineSeparator) }
        var last = inputs.last ?? vocabulary.startToken
        var place = 0
        while place < length, !filter.isStopped {
            model.read(last, lineEnd: lineSeparator)
            last = try draw(place: place, sample: firstSample + sample)
            place += 1
            text.removeAll(keepingCapacity: true)
            decoder.append(last, to: &text)
            try sink(filter.pass(text))
        }
        try sink(filter.rest(of: &decoder))
    }

    /// Passes a text to `sink`, as `rnntrain generate` writes it: the prompt and up to `length` sampled tokens. A line has no line feed.
    ///
    /// Throws the errors of `sink`.
    ///
    /// - Parameter sample: the number of the text. Texts of different numbers have independent random numbers.
    public func generate(
        _ prompt: GenerationPrompt, length: Int, sample: Int = 0, to sink: ([UInt8]) throws -> Void
    ) throws {
        guard prompt.isLine else { return try generate(after: prompt.tokens, length: length, sample: sample, to: sink) }
        try sink(try line(sample, after: prompt.tokens, length: length))
    }

    /// Passes `count` generated lines to `sink`. Each begins from the initial state, as after a line end, continues `prompt`, and
    /// ends with a line end, at a stop string, or after `length` sampled tokens.
    ///
    /// Throws the errors of `sink`. A line does not depend on the previous lines.
    public func generateLines(_ count: Int, after prompt: [Int32], length: Int, to sink: ([UInt8]) throws -> Void) throws {
        for number in 0..<count { try sink(try line(number, after: prompt, length: length) + [0x0A]) }
    }

    private func line(_ number: Int, after prompt: [Int32], length: Int) throws -> [UInt8] {
        let lineEnd = vocabulary.lineEndID
        var decoder = TokenDecoder(vocabulary)
        var filter = StopFilter(stops)
        var text: [UInt8] = []
        model.resetState()
        var last = vocabulary.startToken
        for token in prompt {
            model.read(last, lineEnd: lineSeparator)
            last = token
            decoder.append(token, to: &text)
        }
        var place = 0
        while place < length, !filter.isStopped, prompt.isEmpty && place == 0 || last != lineEnd {
            model.read(last)
            last = try draw(place: place, sample: firstSample + number)
            place += 1
            guard last != lineEnd else { continue }
            var piece: [UInt8] = []
            decoder.append(last, to: &piece)
            text += filter.pass(piece)
        }
        return text + filter.rest(of: &decoder)
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
}
