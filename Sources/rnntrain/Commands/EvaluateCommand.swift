import ArgumentParser
import Files

/// `rnntrain evaluate`: the loss and perplexity of a model on a text.
struct EvaluateCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Evaluate a model on a text: tokens, loss, perplexity, bits per token.",
        discussion: """
            The text is scored as one stream, or line by line if the model was trained with --batching sentences. The results depend neither on \
            the batch size nor on the number of ranks. The model is a network, an n-gram model in an ARPA file, which scores line by line, or \
            with --interpolate both.
            """)

    static let examples = [
        HelpExample(
            "Evaluate the best parameters of a run",
            "rnntrain evaluate --checkpoint runs/words --data test.txt"),
        HelpExample(
            "Let the model learn from the text that it scores, and print JSON",
            "rnntrain evaluate --checkpoint runs/words --data test.txt --dynamic --json"),
        HelpExample(
            "Evaluate an n-gram model that rnntrain ngram made",
            "rnntrain evaluate --checkpoint words.arpa --data test.txt"),
    ]

    @Option(
        help: ArgumentHelp("Checkpoint file, best.safetensors, run folder, or ARPA file. (required)", valueName: "path"),
        completion: .file())
    var checkpoint: String

    @Option(help: ArgumentHelp("Text to evaluate on; -: the standard input. (required)", valueName: "file"), completion: .file())
    var data: String

    @Flag(
        help: """
            Skip characters that are not in the vocabulary, with a note, instead of an error. Unknown words are always read as <unk>. \
            (default: off)
            """)
    var skipUnknown = false

    @Flag(help: "Print one JSON object instead of a line. (default: off)")
    var json = false

    @OptionGroup var interpolation: InterpolationOptions
    @OptionGroup var adaptation: AdaptationOptions

    func run() throws {
        let named = try NamedCheckpoint(checkpoint)
        if data != StandardInput.sign { try InputFile.check(data, namedBy: "--data") }
        try interpolation.check(isARPA: named.isARPA)
        var methods = try adaptation.adaptation(isARPA: named.isARPA)
        if named.isARPA {
            try runEvaluation(
                nGrams: named.openARPA(), path: checkpoint, data: data, skippingUnknown: skipUnknown, json: json)
        } else {
            let stored = try named.open()
            methods.mixture = try interpolation.mixture(stored, methods)
            try runEvaluation(
                checkpoint: stored, adaptation: methods, data: data, skippingUnknown: skipUnknown, json: json)
        }
    }
}
