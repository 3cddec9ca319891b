import ArgumentParser
import Files

/// `rnntrain score`: the surprisal, entropy and rank of each token of a text.
struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score each token of a text: surprisal, entropy, rank.",
        discussion: """
            Each line is scored by itself, as after a line end. The entropy is that of the distribution that predicts the token. Rank 1 is the \
            most probable token. The results do not depend on other lines.
            """)

    @Option(help: ArgumentHelp("Checkpoint file, best.safetensors, or run folder. (required)", valueName: "path"))
    var checkpoint: String

    @Option(help: ArgumentHelp("Text to score; -: the standard input. (required)", valueName: "file"))
    var data: String

    @Option(
        help: ArgumentHelp(
            """
            tsv: a table with a header. json: an object for each line, and one for the text. The others are the formats of the tools of \
            these names.
            """, valueName: "format"))
    var format = ScoreFormat.tsv

    @Option(
        help: ArgumentHelp(
            "Base of the logarithms: 2 for bits (the default), e for nats, 10 for hartleys. Formats of other tools have their own.",
            valueName: "base"))
    var base: LogarithmBase?

    @Flag(help: "Carry the hidden state over line ends, as evaluate does; the first token is then not scored. (default: off)")
    var carryState = false

    @Flag(
        help: """
            Skip characters that are not in the vocabulary, with a note, instead of an error. Unknown words are always read as <unk>. \
            (default: off)
            """)
    var skipUnknown = false

    func run() throws {
        let settings = ScoreSettings(
            format: format, base: try format.base(base), carriesState: carryState, skipsUnknown: skipUnknown)
        let named = try NamedCheckpoint(checkpoint)
        if data != StandardInput.sign { try InputFile.check(data, namedBy: "--data") }
        try runScoring(checkpoint: named.open(), data: data, settings: settings)
    }
}
