import ArgumentParser

/// `rnntrain generate`: generates text with a model.
struct GenerateCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Generate text with a model.",
        discussion: """
            The text is written while it is generated. A byte model writes its bytes unchanged: no character set is assumed, and a final line \
            end is added on a terminal only.
            """)

    static let examples = [
        HelpExample(
            "Continue a text",
            "rnntrain generate --checkpoint runs/words --prompt \"the\" --length 20 --temperature 0.8"),
        HelpExample(
            "Write five lines, each from the initial state",
            "rnntrain generate --checkpoint runs/words --samples 5 --seed 2"),
        HelpExample(
            "Search for the most probable continuation",
            "rnntrain generate --checkpoint runs/words --prompt \"the\" --length 20 --beam 8"),
    ]

    @Option(
        help: ArgumentHelp("Checkpoint file, best.safetensors, or run folder. (required)", valueName: "path"),
        completion: .file())
    var checkpoint: String

    @OptionGroup var sampling: SamplingOptions

    func validate() throws {
        if sampling.separator != nil, sampling.samples == nil { throw ValidationError("--separator needs --samples") }
        if sampling.lengthPenalty != nil, sampling.beam == nil { throw ValidationError("--length-penalty needs --beam") }
        if sampling.greedy, sampling.beam != nil {
            throw ValidationError("--greedy and --beam exclude each other. Omit one of them")
        }
        if sampling.stop.contains("") { throw ValidationError("--stop needs a text that is not empty") }
    }

    func run() throws {
        let rule = try sampling.rule()
        if rule.isGreedy, sampling.beam != nil {
            throw OptionConflict("--temperature 0 (as --greedy) and --beam exclude each other. Omit one of them.")
        }
        let settings = GenerationSettings(
            rule: rule, length: try sampling.tokenCount(), samples: try sampling.lineCount(),
            separator: sampling.separator, stops: sampling.stop, beam: try sampling.beamWidth(),
            lengthPenalty: try sampling.lengthExponent())
        let checkpoint = try NamedCheckpoint(checkpoint).open()
        try runGeneration(checkpoint: checkpoint, sampling: sampling, settings: settings)
    }
}
