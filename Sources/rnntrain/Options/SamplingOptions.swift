import ArgumentParser

/// How `generate` draws tokens.
struct SamplingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Text to go on from; -: the standard input, with its line ends. Any bytes for a model of bytes. (default: none)",
            valueName: "text"))
    var prompt = Prompt()

    @Flag(
        help: """
            Leave out of the prompt the characters that the model does not know, with a note of their number, instead of an error. Unknown \
            words are <unk>. (default: off)
            """)
    var skipUnknown = false

    @Option(help: ArgumentHelp("Tokens to generate.", valueName: "n"))
    var length = 200

    @Option(help: ArgumentHelp("Divides the logits: below 1 is safer, above 1 bolder; 0: --greedy.", valueName: "x"))
    var temperature = 1.0

    @Option(help: ArgumentHelp("Draw from the n likeliest tokens only; 0: from all.", valueName: "n"))
    var topK = 0

    @Option(
        help: ArgumentHelp("Draw from the fewest likeliest tokens whose probabilities add up to x; 1: from all.", valueName: "x"))
    var topP = 1.0

    @Flag(help: "Take the likeliest token always; the other sampling options have no effect. (default: off)")
    var greedy = false

    @Option(help: ArgumentHelp("Seed of the random numbers.", valueName: "n"))
    var seed = 1

    func validate() throws {
        try require(length >= 1, "--length is \(length); it must be 1 or more tokens.")
        try require(temperature >= 0 && temperature.isFinite, "--temperature is \(temperature); it must be 0 or more.")
        try require(topK >= 0, "--top-k is \(topK); it must be a number of tokens, or 0 for all.")
        try require(topP > 0 && topP <= 1, "--top-p is \(topP); it must be above 0, and 1 at most.")
        try require(seed >= 0, "--seed is \(seed); it must be 0 or more.")
    }

    private func require(_ holds: Bool, _ message: String) throws {
        if !holds { throw ValidationError(message) }
    }
}
