import ArgumentParser
import Configuration
import Files
import Inspection
import Kinds

/// `rnntrain inspect`: gradients through time, recurrent spectrum, gates, and one unit of a model.
struct InspectCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Look inside a model: gradients through time, spectrum of the recurrent weights, gates, one unit.",
        discussion: """
            The text is read as one stream. Norms of derivatives are means over up to eight places of the text. Gates count as closed below \
            0.1 and as open above 0.9.
            """)

    static let examples = [
        HelpExample(
            "Print derivatives through time, eigenvalues and gates",
            "rnntrain inspect --checkpoint runs/words --data test.txt"),
        HelpExample(
            "Follow a unit over the text, and write a page",
            "rnntrain inspect --checkpoint runs/words --data test.txt --unit 1:17 --html unit.html"),
    ]

    @Option(
        help: ArgumentHelp("Checkpoint file, best.safetensors, or run folder. (required)", valueName: "path"),
        completion: .file())
    var checkpoint: String

    @Option(
        help: ArgumentHelp("Text that the model reads; -: the standard input. (required)", valueName: "file"),
        completion: .file())
    var data: String

    @Option(help: ArgumentHelp("Number of tokens to read from the start of the text.", valueName: "n"))
    var tokens = "1000"

    @Option(help: ArgumentHelp("Largest lag of the derivatives, in tokens.", valueName: "n"))
    var lags = "20"

    @Option(
        help: ArgumentHelp(
            "Show h of this unit after each token, with the five likeliest next tokens; layers and units count from 0. (default: none)",
            valueName: "layer:unit"))
    var unit: UnitArgument?

    @Option(
        help: ArgumentHelp(
            """
            Correlate h of each unit with a property of the text: quotes, 1 within quotation marks and 0 elsewhere; line-length, the \
            characters since the last line end. (default: none)
            """, valueName: "property"))
    var correlate: TextProperty?

    @Option(
        help: ArgumentHelp(
            "Also write a page with charts and the coloured text to this file. (default: none)", valueName: "file"),
        completion: .file())
    var html: String?

    @Flag(help: "Replace the file of --html if it exists. (default: off)")
    var force = false

    @Flag(help: "Print one JSON object instead of tables. (default: off)")
    var json = false

    func run() throws {
        let tokenCount = try ValueRange.whole(2...10_000_000).value(tokens, of: "--tokens")
        let lagCount = try ValueRange.whole(1...10_000).value(lags, of: "--lags")
        let named = try NamedCheckpoint(checkpoint)
        if data != StandardInput.sign { try InputFile.check(data, namedBy: "--data") }
        if let html {
            let inputs = [("--data", data), ("--checkpoint", checkpoint)] + OutputFile.inputs(ofRunOf: checkpoint)
            try OutputFile.checkPage(html, namedBy: "--html", inputs: inputs, isForced: force)
        }
        try runInspection(
            checkpoint: named.open(), data: data,
            InspectionSettings(tokens: tokenCount, lags: lagCount, unit: unit?.unit, property: correlate, html: html, json: json))
    }
}

extension TextProperty: ExpressibleByArgument {}

/// The value of `--unit`: `1:17`.
struct UnitArgument: ExpressibleByArgument {
    let unit: TextActivity.Unit

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let layer = parts[0], let index = parts[1], layer >= 0, index >= 0 else { return nil }
        unit = TextActivity.Unit(layer: layer, index: index)
    }
}
