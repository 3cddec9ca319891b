import ArgumentParser
import Training

/// How `generate` draws tokens.
struct SamplingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Text to continue; -: the standard input, with its line ends. Any bytes for a model of bytes. (default: none)",
            valueName: "text"))
    var prompt = Prompt()

    @Flag(
        help: """
            Leave out of the prompt the characters that the model does not know, with a note of their number, instead of an error. Unknown \
            words are <unk>. (default: off)
            """)
    var skipUnknown = false

    @Option(help: ArgumentHelp("Tokens to generate.", valueName: "n"))
    var length = "200"

    @Option(help: ArgumentHelp("Divides the logits: below 1 is safer, above 1 bolder; 0: --greedy.", valueName: "x"))
    var temperature = "1.0"

    @Option(help: ArgumentHelp("Draw from the n likeliest tokens only; 0: from all.", valueName: "n"))
    var topK = "0"

    @Option(
        help: ArgumentHelp("Draw from the fewest likeliest tokens whose probabilities add up to x; 1: from all.", valueName: "x"))
    var topP = "1.0"

    @Flag(help: "Take the likeliest token always; the other sampling options have no effect. (default: off)")
    var greedy = false

    @Option(help: ArgumentHelp("Seed of the random numbers.", valueName: "n"))
    var seed = "1"

    /// The rule that the options make. Throws for a value out of its range.
    func rule() throws(ConfigurationError) -> SamplingRule {
        let temperature = try ValueRange.number(orZero: "for the likeliest token always").value(temperature, of: "--temperature")
        return SamplingRule(
            temperature: temperature,
            topK: try ValueRange.whole(1...Int(Int32.max), orZero: "for all").value(topK, of: "--top-k"),
            topP: try ValueRange.number(upTo: 1).value(topP, of: "--top-p"), greedy: greedy || temperature == 0,
            seed: UInt64(try ValueRange.whole(0...Int.max).value(seed, of: "--seed")))
    }

    /// The number of tokens to generate. Throws for a value out of its range.
    func tokenCount() throws(ConfigurationError) -> Int {
        try ValueRange.whole(1...ValueRange.most).value(length, of: "--length")
    }
}
