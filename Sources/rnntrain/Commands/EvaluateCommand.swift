import ArgumentParser
import Files

/// `rnntrain evaluate`: a model's loss and perplexity on a text.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure a model on a text: tokens, loss, perplexity, bits per token.",
        discussion: "The text is scored as one stream, so that the figures depend on no batch size and no rank count.")

    @Option(help: ArgumentHelp("Checkpoint or best.safetensors of a run, or the run's folder. (required)", valueName: "path"))
    var checkpoint: String

    @Option(help: ArgumentHelp("Text to measure on; -: the standard input. (required)", valueName: "file"))
    var data: String

    @Flag(
        help: """
            Leave out the characters that the model does not know, with a note of their number, instead of an error. Unknown words are <unk>. \
            (default: off)
            """)
    var skipUnknown = false

    @Flag(help: "Print one JSON object instead of a line. (default: off)")
    var json = false

    func run() throws {
        let checkpoint = try NamedCheckpoint.file(checkpoint)
        if data != StandardInput.sign { try InputFile.check(data, namedBy: "--data") }
        try runEvaluation(checkpoint: checkpoint, data: data, skippingUnknown: skipUnknown, json: json)
    }
}
