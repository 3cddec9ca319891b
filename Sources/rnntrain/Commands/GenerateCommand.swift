import ArgumentParser

/// `rnntrain generate`: generates text with a model.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Generate text with a model.",
        discussion: """
            The text is written while it is generated. A byte model writes its bytes unchanged: no character set is assumed, and a final line \
            end is added on a terminal only.
            """)

    @Option(help: ArgumentHelp("Checkpoint file, best.safetensors, or run folder. (required)", valueName: "path"))
    var checkpoint: String

    @OptionGroup var sampling: SamplingOptions

    func run() throws {
        let (rule, length) = (try sampling.rule(), try sampling.tokenCount())
        let lines = try sampling.lineCount()
        let checkpoint = try NamedCheckpoint(checkpoint).open()
        try runGeneration(checkpoint: checkpoint, sampling: sampling, rule: rule, length: length, lines: lines)
    }
}
