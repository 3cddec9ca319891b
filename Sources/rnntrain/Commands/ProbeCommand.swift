import ArgumentParser
import Assessment
import Configuration
import Kinds

/// `rnntrain probe`: the accuracy of a model on minimal pairs.
struct ProbeCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Probe a model with minimal pairs: accuracy with intervals, ties apart.",
        discussion: """
            An item is right if what is grammatical has the lower surprisal. Ties are no successes. An item is not counted if a compared \
            word, a word in which two compared sentences differ, or the word in round brackets of a template is unknown; other unknown words \
            are read as <unk>. Every sentence is scored by itself, as by score. The intervals are those of Wilson (1927) at 95 %.
            """)

    static let examples = [
        HelpExample(
            "Print accuracies on pairs of BLiMP",
            "rnntrain probe --checkpoint runs/words --pairs pairs.jsonl"),
        HelpExample(
            "Write a row for each item made from templates",
            "rnntrain probe --checkpoint runs/words --pairs templates.txt --items > items.tsv"),
    ]

    @Option(
        help: ArgumentHelp("Checkpoint file, best.safetensors, run folder, or ARPA file. (required)", valueName: "path"),
        completion: .file())
    var checkpoint: String

    @Option(help: ArgumentHelp("File with the items; -: the standard input. (required)", valueName: "file"), completion: .file())
    var pairs: String

    @Option(
        help: ArgumentHelp(
            """
            blimp: JSON lines. gold: agreement with a text. syntaxgym: a suite in JSON. templates: sentences such as 'The (keys) to the \
            {cabinet} [by the {door}]* are/is'. (default: by the ending of the file: .jsonl, .gold, .json, others)
            """, valueName: "format"))
    var format: ProbeFormat?

    @Option(
        help: ArgumentHelp(
            "The sentences of a .gold file, one a line. (default: the file with the ending .text instead of .gold)",
            valueName: "file"), completion: .file())
    var text: String?

    @Option(help: ArgumentHelp("The largest number of repetitions of [ ]* in a template. (default: 4)", valueName: "n"))
    var repetitions: String?

    @Flag(help: "Print a row for each item instead of the accuracies: decision and surprisals, separated by tabs. (default: off)")
    var items = false

    @Flag(help: "Print one JSON object instead of a table. (default: off)")
    var json = false

    func validate() throws {
        if items, json { throw ValidationError("--items and --json exclude each other") }
    }

    func run() throws {
        let repetitions = try ValueRange.whole(0...1000).value(repetitions ?? "4", of: "--repetitions")
        let named = try NamedCheckpoint(checkpoint)
        let found = format ?? ProbeFormat(ofFile: pairs)
        try checkOptions(found)
        let file = try NamedData.file(pairs, namedBy: "--pairs")
        let text = found == .gold ? try NamedData.file(textPath, namedBy: text == nil ? "--pairs or --text" : "--text") : nil
        let probed = try found.items(file, text: text, repetitions: repetitions)
        if probed.isEmpty {
            throw DataFileError(
                path: file.name, line: nil, reason: "the file has no items", advice: "Name another file, or its --format.")
        }
        let output = items ? ProbeOutput.items : json ? .json : .table
        try runProbe(model: named.openScoring().model, items: probed, name: file.name, output: output)
    }

    /// Throws for an option that a file of this format does not use.
    private func checkOptions(_ format: ProbeFormat) throws {
        if format == .gold, text == nil, pairs == "-" {
            throw OptionConflict(
                "--format gold reads the sentences from a second file, which standard input does not name. Give it with --text.")
        }
        let unused =
            text != nil && format != .gold ? "--text" : repetitions != nil && format != .templates ? "--repetitions" : nil
        guard let unused else { return }
        throw OptionConflict(
            "\(unused) has no effect with --format \(format.rawValue)\(self.format == nil ? ", which the name of the file chooses" : ""). "
                + "Omit it, or give another --format.")
    }

    private var textPath: String { text ?? (pairs.hasSuffix(".gold") ? String(pairs.dropLast(5)) : pairs) + ".text" }
}
