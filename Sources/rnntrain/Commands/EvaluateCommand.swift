import ArgumentParser

/// `rnntrain evaluate`: a model's loss and perplexity on a text.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure a model on a text: tokens, loss, perplexity, bits per token.",
        discussion: "The text is scored as one stream, so that the figures depend on no batch size and no rank count.")

    @Option(help: ArgumentHelp("Checkpoint or best.safetensors of a run. (required)", valueName: "file"))
    var checkpoint: String

    @Option(help: ArgumentHelp("Text to measure on. (required)", valueName: "file"))
    var data: String

    @Flag(help: "Print one JSON object instead of a line. (default: off)")
    var json = false

    func run() throws {
        try InputFile.check(checkpoint, namedBy: "--checkpoint")
        try InputFile.check(data, namedBy: "--data")
        try runEvaluation(checkpoint: checkpoint, data: data, json: json)
    }
}
