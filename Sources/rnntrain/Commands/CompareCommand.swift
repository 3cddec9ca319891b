import ArgumentParser
import Assessment
import Configuration
import Files
import Kinds

/// `rnntrain compare`: two models on one text.
struct CompareCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare two models on a text: perplexities, interval of the difference.",
        discussion: """
            Each model is evaluated as by evaluate. The interval of the difference of the losses is that of a paired bootstrap: lines are drawn \
            with replacement, the same for both models. Equal seeds give equal intervals.
            """)

    static let examples = [
        HelpExample(
            "Compare two runs with the same vocabulary",
            "rnntrain compare runs/words runs/gru --data test.txt"),
        HelpExample(
            "Compare models with different vocabularies",
            "rnntrain compare runs/words runs/first --data test.txt --by word"),
    ]

    @Argument(
        help: ArgumentHelp("Checkpoint file, best.safetensors, run folder, or ARPA file of model A.", valueName: "a"),
        completion: .file())
    var first: String

    @Argument(help: ArgumentHelp("The same of model B.", valueName: "b"), completion: .file())
    var second: String

    @Option(help: ArgumentHelp("Text to compare on; -: the standard input. (required)", valueName: "file"), completion: .file())
    var data: String

    @Option(
        help: ArgumentHelp(
            "token, for models with the same vocabulary; word or byte: the losses of lines divided by their words or bytes.",
            valueName: "unit"))
    var by = ComparisonUnit.token

    @Option(help: ArgumentHelp("Number of resamples of the bootstrap.", valueName: "n"))
    var resamples = "2000"

    @Option(help: ArgumentHelp("Seed of the resamples.", valueName: "n"))
    var seed = "1"

    @Flag(help: "Print one JSON object instead of lines. (default: off)")
    var json = false

    func run() throws {
        let resamples = try ValueRange.whole(100...1_000_000).value(resamples, of: "--resamples")
        let seed = UInt64(try ValueRange.whole(0...Int.max).value(seed, of: "--seed"))
        let named = try [NamedCheckpoint(first, option: "A"), NamedCheckpoint(second, option: "B")]
        let bytes = try NamedData.bytes(data, namedBy: "--data")
        let name = data == StandardInput.sign ? StandardInput.name : data
        try runComparison(
            try named.map { try $0.openScoring(comparing: true) }, name: name, bytes: bytes, unit: by,
            settings: ComparisonSettings(resamples: resamples, seed: seed, json: json))
    }
}
