import Configuration
import Foundation
import Kinds
import TestSupport
import Testing

@Suite("Options and keys")
struct OptionTests {
    /// For every key except flags and keys of kinds: a value other than its default, and the options that it requires.
    private static let samples: [ConfigurationKey: (value: String, companions: [String])] = [
        .text: ("a b.txt", ["--run", "c"]), .train: ("a b.txt", ["--valid", "b", "--run", "c"]),
        .valid: ("b.txt", ["--train", "a", "--run", "c"]),
        .test: ("c.txt", ["--train", "a", "--valid", "b", "--run", "c"]), .tokens: ("byte", ["--text", "a", "--run", "c"]),
        .tokenPattern: ("a|b", ["--tokens", "regex", "--text", "a", "--run", "c"]),
        .sentencePieceModel: ("m.model", ["--tokens", "sentencepiece", "--text", "a", "--run", "c"]),
        .wordVectors: ("v.txt", ["--train", "a", "--valid", "b", "--run", "c"]),
        .tokenFrequencies: ("zipf", ["--output", "nce"]),
        .vocabularySize: ("77", []), .minimumCount: ("3", []), .cell: ("gru", []),
        .nonlinearity: ("sigmoid", ["--cell", "elman"]), .gruReset: ("before", ["--cell", "gru"]), .layers: ("3", []),
        .connections: ("residual", ["--layers", "2"]), "max-ent-size": ("5000", ["--max-ent-order", "1"]),
        "asgd-power": ("0.5", ["--optimizer", "asgd", "--asgd-decay", "0.1"]),
        .embeddingSize: ("7", []), .hiddenSize: ("11", []), .inputLayerSize: ("5", []),
        .outputLayerSize: ("6", []), .dropout: ("0.25", []), .embeddingDropout: ("0.1", []),
        .weightDropout: ("0.4", []),
        .activationRegularization: ("2.0", []), .temporalRegularization: ("1.0", []), .initialization: ("uniform", []),
        .initialScale: ("0.08", []), .forgetBias: ("-0.5", []), .initialState: ("learned", []), .precision: ("fp32", []),
        .batchSize: ("50", []), .windowLength: ("9", []), .optimizer: ("sgd", []), .learningRate: ("3e-05", []),
        .clip: ("5.0", []), .clipMode: ("value", []),
        .epochs: ("4", []), .schedule: ("plateau", []), .warmUp: ("20", []), .validateEvery: ("500", []), .patience: ("2", []),
        .epsilon: ("0.001", []),
        .run: ("runs/x", []), .seed: ("1000000007", []), .logEvery: ("5", []), .checkpointEvery: ("300 steps", []),
        .keep: ("4", []), .stallLimit: ("90 seconds", []), .timeLimit: ("3 hours", []), .verifyEvery: ("7", []),
        .onFault: ("end", []), .maxBadSteps: ("4", []), .maxRollbacks: ("9", []), .shards: ("5", []), .exchange: ("messages", []),
        .nodeSize: ("2", []), .teams: ("never", []), .sampleEvery: ("5", []), .trackGradients: ("6", []),
    ]

    private func resolved(_ arguments: [String], in folder: URL? = nil) throws -> ConfigurationFile {
        let outcome = try ProcessRunner.rnntrain(arguments + ["--print-config"], in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try ConfigurationFile(text: outcome.output, path: "printed")
    }

    @Test("The options of train are the keys of the configuration, and those that select its source")
    func sameNames() throws {
        let help = try ProcessRunner.rnntrain(["train", "--help"]).output
        let options = help.matches(of: /(?m)^  (?:-h, )?--([a-z0-9-]+)/).map { String($0.output.1) }
        let others = ["config", "resume", "break-lock", "dry-run", "print-config", "version", "help"]
        #expect(options.sorted() == (ConfigurationKey.allCases.map(\.rawValue) + others).sorted())
    }

    /// The keys that choose kinds, and the keys that kinds declare.
    private static let declared = ConfigurationKey.allCases.filter { !$0.kinds.isEmpty }.flatMap { key in
        [key] + key.kinds.flatMap { $0.settings.map(\.key) }
    }

    /// An end of the range, or a value of the list, that is not the default, and the first kind that uses the key.
    private func sample(_ key: ConfigurationKey) throws -> (value: String, companions: [String]) {
        if let sample = Self.samples[key] { return sample }
        let standard = TrainingConfiguration().value(of: key)?.description
        let values = (key.choices + key.ends).compactMap { text in
            var configuration = TrainingConfiguration()
            #expect(throws: Never.self) { try configuration.set(key, argument: text) }
            return configuration.value(of: key)?.description
        }
        let reader = key.readers.flatMap { readers in readers.names.first.map { [readers.chooser.option, $0] } }
        return (try #require(values.first { $0 != standard }), reader ?? [])
    }

    @Test("An option sets its key in the configuration", arguments: ConfigurationKey.allCases.filter { !$0.isFlag })
    func arrives(key: ConfigurationKey) throws {
        let sample = try sample(key)
        let printed = try resolved(["--\(key.rawValue)", sample.value] + sample.companions)
        #expect(printed.values[key]?.description == sample.value)
    }

    @Test("The flag for tied weights has a negation")
    func tiedWeights() throws {
        let scratch = try ScratchFolder()
        try scratch.write("tie-weights = true", to: "rnntrain.toml")
        let sizes = ["--embedding-size", "9", "--hidden-size", "9"]
        #expect(try resolved(sizes + ["--tie-weights"]).values[.tieWeights] == .flag(true))
        #expect(try resolved(sizes, in: scratch.folder).values[.tieWeights] == .flag(true))
        #expect(try resolved(["--no-tie-weights"], in: scratch.folder).values[.tieWeights] == .flag(false))
    }

    @Test("Every key that belongs to no kind has a sample in this test")
    func complete() {
        #expect(
            Set(Self.samples.keys).union([.tieWeights, .freezeEmbeddings, .lockedDropout, .variableWindow, .tensorboard]).union(
                Self.declared)
                == Set(ConfigurationKey.allCases))
    }

    @Test("The command line overrides the file, and the file the defaults")
    func precedence() throws {
        let scratch = try ScratchFolder()
        try scratch.write("layers = 3\nhidden-size = 64\ntrain = 't'\nvalid = 'v'\nrun = 'r'", to: "own.toml")
        let values = try resolved(["--config", "own.toml", "--layers", "4"], in: scratch.folder).values
        #expect(values[.layers] == .integer(4))
        #expect(values[.hiddenSize] == .integer(64))
        #expect(values[.embeddingSize] == .integer(TrainingConfiguration().embeddingSize))
    }

    @Test("A rnntrain.toml in the working folder is read with a note, unless another file is named")
    func standardFile() throws {
        let scratch = try ScratchFolder()
        try scratch.write("layers = 3", to: "rnntrain.toml")
        try scratch.write("seed = 4", to: "own.toml")
        #expect(try resolved([], in: scratch.folder).values[.layers] == .integer(3))
        #expect(try resolved(["--config", "own.toml"], in: scratch.folder).values[.layers] != .integer(3))
        let note = "note: read rnntrain.toml in the current folder; with --config /dev/null, no file is read\n"
        for (options, hasNote) in [
            (["--dry-run"], true), (["--run", "noted"], true), (["--run", "noted", "--resume"], false),
            (["--config", "own.toml", "--dry-run"], false), (["--config", "/dev/null", "--run", "plain"], false),
        ] {
            let outcome = try ProcessRunner.run(ProcessRunner.program, options + ["--epochs", "1"], in: scratch.folder)
            #expect(outcome.status == 0 && outcome.output.contains(note) == hasNote, "\(options): \(outcome)")
        }
        let printed = try ProcessRunner.run(ProcessRunner.program, ["--print-config"], in: scratch.folder)
        #expect(printed.errors == "rnntrain: " + note && !printed.output.contains(note), "\(printed)")
    }

    @Test("Without arguments and without a file, the configuration is that of the built-in source")
    func demo() throws {
        var configuration = TrainingConfiguration()
        try resolved([]).apply(to: &configuration)
        var demo = TrainingConfiguration.reberDemo
        demo.forgetBias = 1
        #expect(configuration == demo)
    }

    @Test(
        "The default of the forget bias depends on the initialization",
        arguments: [("uniform", 0.0), ("orthogonal", 1), ("identity", 1)])
    func forgetBias(initialization: String, expected: Double) throws {
        let relu = ["--cell", "elman", "--nonlinearity", "relu"]
        let options = ["--init", initialization] + (initialization == "identity" ? relu : [])
        #expect(try resolved(options).values[.forgetBias] == .number(expected))
        if initialization == "identity" { return }  // the elman cell has no forget gate
        #expect(try resolved(options + ["--forget-bias", "0.5"]).values[.forgetBias] == .number(0.5))
    }

    @Test(
        "An option that has no effect with the value of another one is refused, also as a key of a file",
        arguments: [
            ("connections", "highway", "layers", "1", "2"), ("clip-mode", "value", "clip", "0", "1"),
            ("max-ent-size", "50", "max-ent-order", "0", "1"), ("asgd-power", "0.5", "asgd-decay", "0", "1"),
            ("on-fault", "end", "max-rollbacks", "0", "1"), ("batching", "sentences", "task", "classifier", "language-model"),
            ("temporal-regularization", "2", "bptt", "1", "2"), ("node-size", "2", "exchange", "messages", "window"),
            ("teams", "always", "exchange", "messages", "window"),
            ("logit-memory", "5", "cell", "jordan-lm", "lstm"), ("token-frequencies", "zipf", "sample-power", "0", "1"),
        ])
    func withoutCondition(key: String, value: String, other: String, off: String, on: String) throws {
        let scratch = try ScratchFolder()
        try scratch.write("", to: "t.txt")
        let companions = [
            "asgd-power": ["--optimizer", "asgd"], "token-frequencies": ["--output", "nce"], "logit-memory": ["--layers", "1"],
        ]
        let base = ["--print-config", "--train", "t.txt", "--valid", "t.txt"] + (companions[key] ?? [])
        let refused = try ProcessRunner.rnntrain(base + ["--\(key)", value, "--\(other)", off], in: scratch.folder)
        #expect(
            refused.status == 64 && refused.errors.contains("error: --\(key) has no effect with --\(other) \(off)"), "\(refused)")
        #expect(refused.errors.hasSuffix(", or omit --\(key).\n"), "\(refused)")
        for options in [["--\(key)", value, "--\(other)", on], ["--\(other)", off]] {
            #expect(try ProcessRunner.rnntrain(base + options, in: scratch.folder).status == 0)
        }
        let isText = Double(value) == nil
        try scratch.write(
            "\(key) = \(isText ? "\"\(value)\"" : value)\n\(other) = \(Double(off) == nil ? "\"\(off)\"" : off)\n", to: "own.toml"
        )
        let file = try ProcessRunner.rnntrain(base + ["--config", "own.toml"], in: scratch.folder)
        #expect(file.status == 64 && file.errors.contains("own.toml:1:1: \(key) has no effect with \(other) = \(off)"), "\(file)")
        let replaced = try ProcessRunner.rnntrain(base + ["--config", "own.toml", "--\(other)", off], in: scratch.folder)
        #expect(replaced.status == 0, "\(replaced)")
    }

    @Test(
        "The keys of a kind in a file are left out if an option replaces the kind",
        arguments: [
            ("cell = \"gru\"\ngru-reset = \"before\"", ["--cell", "lstm"]),
            ("optimizer = \"sgd\"\nmomentum = 0.9", ["--optimizer", "adam"]),
            ("output = \"adaptive\"\ncutoffs = [2000, 10000]\nweight-dropout = 0.2", ["--output", "full", "--cell", "mingru"]),
            ("dropout = 0.2\nlocked-dropout = true", ["--dropout", "0"]),
            ("tokens = \"regex\"\ntoken-pattern = \"a\"", ["--tokens", "char"]),
            ("beta1 = 0.8\nschedule = \"step\"\ndecay = 0.3", ["--optimizer", "sgd", "--schedule", "constant"]),
            ("logit-memory = 5\nforget-bias = 0.5", ["--output", "hierarchical", "--cell", "gru"]),
            ("output = \"nce\"\ntoken-frequencies = \"zipf\"", ["--output", "full"]),
            ("cell = \"gru\"\nforget-bias = 1.0", ["--init", "uniform"]),
        ])
    func replacedKinds(text: String, options: [String]) throws {
        let scratch = try ScratchFolder()
        try scratch.write(text, to: "own.toml")
        let outcome = try ProcessRunner.rnntrain(["--config", "own.toml", "--print-config"] + options, in: scratch.folder)
        #expect(outcome.status == 0, "\(outcome)")
        try scratch.write(outcome.output, to: "printed.toml")
        let again = try ProcessRunner.rnntrain(["--config", "printed.toml", "--print-config"], in: scratch.folder)
        #expect(again.status == 0 && again.output == outcome.output, "\(again)")
    }

    @Test("The tokens of the built-in source, and an identity without a square matrix, are refused")
    func builtInTokens() throws {
        for unit in ["byte", "word", "regex", "sentencepiece"] {
            let outcome = try ProcessRunner.rnntrain(
                ["--tokens", unit, "--print-config"] + (unit == "regex" ? ["--token-pattern", "a"] : []))
            #expect(outcome.status == 64 && outcome.errors.contains("--tokens has no effect with --text not set"), "\(outcome)")
        }
        #expect(try ProcessRunner.rnntrain(["--tokens", "char", "--print-config"]).status == 0)
        let options = [
            "--cell", "elman", "--nonlinearity", "relu", "--init", "identity", "--hidden-size", "32", "--print-config",
        ]
        for (size, status) in [("16", 64), ("32", 0)] {
            let outcome = try ProcessRunner.rnntrain(options + ["--transition-mlp", size])
            #expect(outcome.status == Int32(status), "\(outcome)")
        }
    }

    @Test("An option that the chosen kind does not read is refused, and a key in a file is not")
    func withoutEffect() throws {
        let scratch = try ScratchFolder()
        for (options, key, choice) in [
            ("--optimizer sgd", "beta1", "adam"), ("--optimizer adam", "momentum", "sgd"),
            ("--schedule constant", "decay", "step"),
            ("--schedule step", "decay-rate", "inverse-time"), ("--cell gru", "forget-bias", "lstm"), ("", "gru-reset", "gru"),
            ("", "nonlinearity", "elman"),
        ] {
            let value = key == "gru-reset" ? "before" : key == "nonlinearity" ? "relu" : "0.25"
            let arguments = options.split(separator: " ").map(String.init)
            let outcome = try ProcessRunner.rnntrain(arguments + ["--\(key)", value, "--print-config"])
            #expect(outcome.status == 64 && outcome.output.isEmpty, "\(outcome)")
            #expect(
                outcome.errors.contains("error: --\(key) has no effect with --") && outcome.errors.contains(choice), "\(outcome)")
            #expect(outcome.errors.hasSuffix(", or omit --\(key).\n"), "\(outcome)")
            // The default kinds do not use these keys.
            if key == "gru-reset" || key == "nonlinearity" { continue }
            let chosen = key == "momentum" ? "optimizer = \"sgd\"\n" : ""
            try scratch.write("\(chosen)\(key) = \(value)", to: "own.toml")
            let file = try ProcessRunner.rnntrain(["--config", "own.toml", "--print-config"] + arguments, in: scratch.folder)
            #expect(file.status == 0, "\(file)")
            // Without an option for the kind, the kind in the file does not use the key.
            guard let kind = arguments.last else { continue }
            try scratch.write("\(key) = \(value)\n\(arguments[0].dropFirst(2)) = \"\(kind)\"", to: "own.toml")
            let unread = try ProcessRunner.rnntrain(["--config", "own.toml", "--print-config"], in: scratch.folder)
            #expect(unread.status == 64 && unread.output.isEmpty, "\(unread)")
            #expect(
                unread.errors.contains("error: own.toml:1:1: \(key) has no effect with \(arguments[0].dropFirst(2)) = \(kind)"),
                "\(unread)")
        }
        // A file with the keys of all kinds and their defaults.
        for kinds in [["--cell", "gru", "--optimizer", "sgd"], ["--init", "uniform", "--schedule", "constant"]] {
            let all = try ProcessRunner.rnntrain(kinds + ["--print-config"])
            try scratch.write(all.output, to: "own.toml")
            let file = try ProcessRunner.rnntrain(["--config", "own.toml", "--print-config"], in: scratch.folder)
            #expect(file.status == 0 && file.output == all.output, "\(file)")
        }
        var stored = TrainingConfiguration()
        (stored.train, stored.valid, stored.run, stored.cell) = ("t", "v", "first", .gru)
        try scratch.write(stored.toml, to: "first/config.toml")
        for option in [["--forget-bias", "2"], ["--nonlinearity", "relu"]] {
            let resumed = try ProcessRunner.rnntrain(
                ["--resume", "--run", "first", "--print-config"] + option, in: scratch.folder)
            #expect(
                resumed.status == 64 && resumed.errors.hasSuffix("use it. Omit \(option[0]).\n")
                    || resumed.errors.hasSuffix("uses it. Omit \(option[0]).\n"), "\(resumed)")
        }
    }

    @Test("A resumed run keeps the forget bias of its configuration")
    func storedForgetBias() throws {
        let scratch = try ScratchFolder()
        var stored = TrainingConfiguration()
        (stored.train, stored.valid, stored.run, stored.initialization, stored.forgetBias) = ("t", "v", "first", .uniform, 1)
        try scratch.write(stored.toml, to: "first/config.toml")
        #expect(try resolved(["--resume", "--run", "first"], in: scratch.folder).values[.forgetBias] == .number(1))
    }

    @Test("A resumed run uses its own configuration, and options override it")
    func resume() throws {
        let scratch = try ScratchFolder()
        var stored = TrainingConfiguration()
        (stored.train, stored.valid, stored.run, stored.layers, stored.epochs) = ("t", "v", "elsewhere", 5, 6)
        try scratch.write(stored.toml, to: "first/config.toml")
        try scratch.write("layers = 9", to: "rnntrain.toml")
        let values = try resolved(["--resume", "--run", "first", "--epochs", "7"], in: scratch.folder).values
        #expect(values[.layers] == .integer(5))
        #expect(values[.epochs] == .integer(7))
        #expect(values[.run] == .text("first"))
    }
}
