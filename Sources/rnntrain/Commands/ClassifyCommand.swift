import ArgumentParser
import Files
import Inference
import Runs
import Tasks

/// `rnntrain classify`: the label of each line of a text.
struct ClassifyCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Give each line of a text a label.",
        discussion: """
            The model was trained with --task classifier. The text has no labels; each line is a text of its own. The output is a table with a \
            header: number of the line, most probable label, and its probability. A line without text has no label.
            """)

    static let examples = [
        HelpExample(
            "Train a classifier on lines of the form label, tab, text",
            "rnntrain --task classifier --text reviews.tsv --run runs/reviews"),
        HelpExample(
            "Write a table with a label for each line",
            "rnntrain classify --checkpoint runs/reviews --data new.txt > labels.tsv"),
        HelpExample(
            "Write the probabilities of all labels as JSON",
            "rnntrain classify --checkpoint runs/reviews --data new.txt --probabilities --json"),
    ]

    @Option(
        help: ArgumentHelp("Checkpoint file, best.safetensors, or run folder. (required)", valueName: "path"),
        completion: .file())
    var checkpoint: String

    @Option(help: ArgumentHelp("Text to classify; -: the standard input. (required)", valueName: "file"), completion: .file())
    var data: String

    @Flag(help: "Also print the probability of every label. (default: off)")
    var probabilities = false

    @Flag(
        help: """
            Skip characters that are not in the vocabulary, with a note, instead of an error. Unknown words are always read as <unk>. \
            (default: off)
            """)
    var skipUnknown = false

    @Flag(help: "Print one JSON object for each line instead of a table. (default: off)")
    var json = false

    func run() throws {
        let named = try NamedCheckpoint(checkpoint)
        if data != StandardInput.sign { try InputFile.check(data, namedBy: "--data") }
        if named.isARPA {
            throw OptionConflict("--checkpoint: an n-gram model gives lines no labels. Name a model of --task classifier.")
        }
        let model = try StoredModel(named.open(), steps: 1)
        let classifier = try LineClassifier(model, keepsLosses: probabilities)
        let writer = LabelWriter(labels: classifier.labels.names, writesAll: probabilities, isJSON: json)
        try runClassification(
            classifier, unit: model.unit, path: model.path, data: data, skippingUnknown: skipUnknown, writer: writer)
    }
}
