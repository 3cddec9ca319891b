import ArgumentParser
import Configuration
import Inference
import Kinds

/// How `generate` samples tokens.
struct SamplingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Text to continue; -: the standard input, with its line ends. A byte model accepts any bytes. (default: none)",
            valueName: "text"))
    var prompt = Prompt()

    @Flag(
        help: """
            Skip characters of the prompt that are not in the vocabulary, with a note, instead of an error. Unknown words are always read \
            as <unk>. (default: off)
            """)
    var skipUnknown = false

    @Option(
        help: ArgumentHelp("Number of tokens to generate; with --samples the maximum number of tokens in a line.", valueName: "n")
    )
    var length = "200"

    @Option(
        help: ArgumentHelp(
            """
            Number of lines to generate, each from the initial state to its line end. (default: 1 for a model trained with --batching \
            sentences, else none: a text of --length tokens)
            """, valueName: "n"))
    var samples: String?

    @Option(
        help: ArgumentHelp(
            """
            With --samples: texts instead of lines. Each goes on over line ends to --length tokens or a --stop string, and a line with this text \
            separates it from the next. (default: none)
            """, valueName: "text"))
    var separator: String?

    @Option(
        help: ArgumentHelp(
            "End a text before this string, which is not written. May be repeated. (default: none)", valueName: "text"))
    var stop: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            Search for the most probable text with a beam of n texts, instead of sampling; with --samples K for the K most probable ones. The \
            sampling options have no effect. (default: off)
            """, valueName: "n"))
    var beam: String?

    @Option(
        help: ArgumentHelp(
            """
            With --beam: compare texts of n tokens by log P / ((5 + n) / 6)^x, so that short ones do not win by their length alone; 0: by \
            log P. (default: 0)
            """, valueName: "x"))
    var lengthPenalty: String?

    @Option(
        help: ArgumentHelp(
            "Divides the logits; below 1 favors probable tokens, above 1 gives more variety; 0: --greedy.", valueName: "x"))
    var temperature = "1.0"

    @Option(help: ArgumentHelp("Sample from the n most probable tokens only; 0: from all.", valueName: "n"))
    var topK = "0"

    @Option(
        help: ArgumentHelp(
            "Sample from the smallest set of most probable tokens whose probabilities sum to x; 1: from all.", valueName: "x"))
    var topP = "1.0"

    @Flag(help: "Always take the most probable token; the other sampling options have no effect. (default: off)")
    var greedy = false

    @Option(help: ArgumentHelp("Seed of the random numbers.", valueName: "n"))
    var seed = "1"

    /// The sampling rule. Throws for a value out of range.
    func rule() throws(ConfigurationError) -> SamplingRule {
        let temperature = try ValueRange.number(orZero: "for the most probable token").value(temperature, of: "--temperature")
        return SamplingRule(
            temperature: temperature,
            topK: try ValueRange.whole(1...Int(Int32.max), orZero: "for all").value(topK, of: "--top-k"),
            topP: try ValueRange.number(upTo: 1).value(topP, of: "--top-p"), greedy: greedy,
            seed: UInt64(try ValueRange.whole(0...Int.max).value(seed, of: "--seed")))
    }

    /// The number of lines to generate; nil if none is given. Throws for a value out of range.
    func lineCount() throws(ConfigurationError) -> Int? {
        guard let samples else { return nil }
        return try ValueRange.whole(1...ValueRange.most).value(samples, of: "--samples")
    }

    /// The number of texts in a beam; nil without a beam search. Throws for a value out of range, or below the number of samples.
    func beamWidth() throws(ConfigurationError) -> Int? {
        guard let beam else { return nil }
        let samples = try lineCount() ?? 1
        let width = try ValueRange.whole(1...max(samples, 10_000)).value(beam, of: "--beam")
        if width < samples {
            throw .invalidOption(
                option: "--beam", value: beam,
                expected: "a whole number from \(samples), the value of --samples, to \(max(samples, 10_000))")
        }
        return width
    }

    /// The exponent of the normalisation by length. Throws for a value out of range.
    func lengthExponent() throws(ConfigurationError) -> Double {
        guard let lengthPenalty else { return 0 }
        return try ValueRange.number(upTo: 10, orZero: "for none").value(lengthPenalty, of: "--length-penalty")
    }

    /// The number of tokens to generate. Throws for a value out of range.
    func tokenCount() throws(ConfigurationError) -> Int {
        try ValueRange.whole(1...ValueRange.most).value(length, of: "--length")
    }
}
