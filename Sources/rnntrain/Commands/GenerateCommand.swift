import ArgumentParser

/// `rnntrain generate`: text from a model.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Generate text with a model.")

    @Option(help: ArgumentHelp("Checkpoint or best.safetensors of a run. (required)", valueName: "file"))
    var checkpoint: String

    @OptionGroup var sampling: SamplingOptions

    func run() throws {
        try InputFile.check(checkpoint, namedBy: "--checkpoint")
        try runGeneration(checkpoint: checkpoint, sampling: sampling)
    }
}
