import ArgumentParser
import Files
import Inference
import Runs

/// `rnntrain score`: the surprisal, entropy and rank of each token of a text.
struct ScoreCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score each token of a text: surprisal, entropy, rank.",
        discussion: """
            Each line is scored by itself, as after a line end. The entropy is that of the distribution that predicts the token. Rank 1 is the \
            most probable token. The results do not depend on other lines. The model is a network, an n-gram model in an ARPA file, or with \
            --interpolate both.
            """)

    static let examples = [
        HelpExample(
            "Write a table with a row for each token",
            "rnntrain score --checkpoint runs/words --data test.txt > scores.tsv"),
        HelpExample(
            "The same for a model of SentencePiece or characters: a row with the sum over the tokens of each word",
            "rnntrain score --checkpoint runs/words --data test.txt --format words > words.tsv"),
        HelpExample(
            "Score a sentence from the standard input, in nats",
            "echo \"the cat sat\" | rnntrain score --checkpoint runs/words --data - --base e"),
        HelpExample(
            "Write what SRILM's ngram -debug 2 prints",
            "rnntrain score --checkpoint runs/words --data test.txt --format srilm"),
    ]

    @Option(
        help: ArgumentHelp("Checkpoint file, best.safetensors, run folder, or ARPA file. (required)", valueName: "path"),
        completion: .file())
    var checkpoint: String

    @Option(help: ArgumentHelp("Text to score; -: the standard input. (required)", valueName: "file"), completion: .file())
    var data: String

    @Option(
        help: ArgumentHelp(
            """
            tsv: a table with a row for each token. words: the same for each word between white space, with the sum over its tokens. json: an \
            object for each line, and one for the text. The others are the formats of the tools of these names.
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

    @OptionGroup var interpolation: InterpolationOptions

    func run() throws {
        var settings = ScoreSettings(
            format: format, base: try format.base(base), skipsUnknown: skipUnknown)
        let named = try NamedCheckpoint(checkpoint)
        if data != StandardInput.sign { try InputFile.check(data, namedBy: "--data") }
        try interpolation.check(isARPA: named.isARPA)
        if named.isARPA {
            if carryState { throw OptionConflict("--carry-state: an n-gram model has no state. Omit the option.") }
            try runScoring(NGramScorer(named.openARPA()), path: checkpoint, data: data, settings: settings)
        } else {
            let stored = try named.open()
            let model = try StoredModel(stored, steps: LineScorer.windowLength)
            try model.requireTokens()
            if carryState, model.separatesLines { throw StoredRunError.separateLines }
            let mixture = try interpolation.mixture(stored, byLine: !carryState)
            settings.networkWeight = mixture?.weight
            let scorer: any TokenScorer =
                carryState
                ? LineScorer(model, carriesState: true, interpolating: mixture) : BatchedScorer(model, interpolating: mixture)
            try runScoring(scorer, path: model.path, data: data, settings: settings)
        }
    }
}
