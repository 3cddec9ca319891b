import ArgumentParser

/// `rnntrain generate`: text from a model.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Generate text with a model.",
        discussion: """
            The text is written as it is made. That of a model of bytes is written byte for byte: no character set is assumed, and no line \
            end is added but on a terminal.
            """)

    @Option(help: ArgumentHelp("Checkpoint or best.safetensors of a run, or the run's folder. (required)", valueName: "path"))
    var checkpoint: String

    @OptionGroup var sampling: SamplingOptions

    func run() throws {
        let (rule, length) = (try sampling.rule(), try sampling.tokenCount())
        let checkpoint = try NamedCheckpoint.file(checkpoint)
        try runGeneration(checkpoint: checkpoint, sampling: sampling, rule: rule, length: length)
    }
}
