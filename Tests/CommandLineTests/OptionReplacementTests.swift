import Configuration
import Kinds
import TestSupport
import Testing

@Suite("Values of a file or of a stored run that an option replaces or makes meaningless")
struct OptionReplacementTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func print(_ arguments: String...) throws -> ConfigurationFile {
        let outcome = try ProcessRunner.rnntrain(arguments + ["--print-config"], in: scratch.folder)
        try #require(outcome.status == 0, "\(outcome)")
        try scratch.write(outcome.output, to: "printed.toml")
        return try ConfigurationFile(text: outcome.output, path: "printed")
    }

    @Test("The default of the forget bias in a file follows the option for the initialization; another value is kept")
    func forgetBias() throws {
        _ = try print()
        #expect(try print("--config", "printed.toml", "--init", "uniform").values[.forgetBias] == .number(0))
        #expect(try print("--config", "printed.toml", "--init", "orthogonal").values[.forgetBias] == .number(1))
        _ = try print("--forget-bias", "0.5")
        #expect(try print("--config", "printed.toml", "--init", "uniform").values[.forgetBias] == .number(0.5))
        try scratch.write("forget-bias = 1.0\ninit = \"uniform\"", to: "own.toml")
        #expect(try print("--config", "own.toml", "--layers", "1").values[.forgetBias] == .number(1))
    }

    @Test("The frequencies of a classifier in a file follow the option for the task; a choice is kept")
    func tokenFrequencies() throws {
        let texts = "train = \"t\"\nvalid = \"v\"\nrun = \"r\"\noutput = \"nce\"\ntoken-frequencies = \"zipf\"\n"
        try scratch.write(texts + "task = \"classifier\"", to: "classifier.toml")
        let model = try print("--config", "classifier.toml", "--task", "language-model")
        #expect(model.values[.tokenFrequencies] == .text("counts"))
        try scratch.write(texts, to: "model.toml")
        let other = try print("--config", "model.toml", "--output", "hierarchical")
        #expect(other.values[.tokenFrequencies] == .text("zipf"))
    }

    @Test("A resume that changes a kind leaves out the stored values that only the former kind uses")
    func resumed() throws {
        var stored = TrainingConfiguration()
        (stored.train, stored.valid, stored.run, stored.onFault) = ("t", "v", "first", .end)
        try stored.set(.schedule, argument: "step")
        try stored.set("decay", argument: "0.3")
        try scratch.write(stored.toml, to: "first/config.toml")
        #expect(try print("--resume", "--run", "first", "--epochs", "9").values["decay"] == .number(0.3))
        let changed = try print("--resume", "--run", "first", "--schedule", "constant", "--max-rollbacks", "0")
        #expect(changed.values["decay"] == .number(0.5) && changed.values[.onFault] == .text("restore"))
        _ = try print("--config", "printed.toml")
    }

    @Test("A resume keeps the stored values that may not change, also those that have no effect")
    func fixed() throws {
        var stored = TrainingConfiguration()
        (stored.train, stored.valid, stored.run, stored.cell, stored.forgetBias) = ("t", "v", "first", .gru, 1)
        try stored.set(.optimizer, argument: "sgd")
        try stored.set("beta1", argument: "0.8")
        try scratch.write(stored.toml, to: "first/config.toml")
        let values = try print("--resume", "--run", "first", "--cell", "gru", "--optimizer", "sgd").values
        #expect(values[.forgetBias] == .number(1) && values["beta1"] == .number(0.8))
    }

    @Test("The limits of a vocabulary in a file are left out with --tokens byte, and kept with other units")
    func limits() throws {
        try scratch.write("vocabulary-size = 50\nminimum-count = 2\ntext = \"t\"\nrun = \"r\"", to: "own.toml")
        let bytes = try print("--config", "own.toml", "--tokens", "byte").values
        #expect(bytes[.vocabularySize] == nil && bytes[.minimumCount] == .integer(1))
        let characters = try print("--config", "own.toml", "--tokens", "char").values
        #expect(characters[.vocabularySize] == .integer(50) && characters[.minimumCount] == .integer(2))
    }

    @Test("Zipf's law without an effect on samples is accepted where it decides a tree, or weighs labels")
    func zipf() throws {
        try scratch.write("train = \"t\"\nvalid = \"v\"\nrun = \"r\"\ntoken-frequencies = \"zipf\"", to: "own.toml")
        _ = try print("--config", "own.toml", "--output", "hierarchical")
        _ = try print("--config", "own.toml", "--output", "nce", "--sample-power", "0", "--task", "classifier")
    }
}
