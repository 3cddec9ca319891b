import ArgumentParser
import Benchmarks
import Configuration
import Kinds
import Layers
import Models
import Optimizers
import Tensors
import TextData

/// `rnntrain benchmark`: tokens per second, compared with the peak of the machine, and the time of the parts of a step.
struct BenchmarkCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Measure tokens per second on random tokens, the parts of a step, and memory.",
        discussion: """
            The speed is compared with the FMA peak of the cores, which all ranks measure at the same time, between the steps. No step can be \
            faster than its matrix products at the peak. With --generate, the speed of one stream is compared with the time to read the weights \
            that each token needs.
            """)

    static let examples = [
        HelpExample(
            "Measure two layers of 200 units on two ranks",
            "mpirun -n 2 rnntrain benchmark --model zaremba-small"),
        HelpExample(
            "Measure generation, and print JSON",
            "rnntrain benchmark --generate --json"),
        HelpExample(
            "Compare the exchange of gradients with MPI_Allreduce",
            "mpirun -n 2 rnntrain benchmark --exchange-only"),
    ]

    @OptionGroup(title: "Model and step") var step: MeasuredStepOptions
    @OptionGroup(title: "Measurement and report") var options: BenchmarkOptions

    func validate() throws {
        if options.generate, step.precision == .bf16 {
            throw ValidationError("--precision bf16 is for training; text is generated in fp32. Omit it with --generate.")
        }
    }

    func run() throws {
        let model = try step.measured()
        try model.configuration.validate()
        let (steps, megabytes) = (try options.stepCount(), try options.size())
        switch options.subject {
        case .steps:
            try CheckOnly.report(model.configuration, saves: false)
            try runStepBenchmark(model, steps: steps ?? 50, json: options.json)
        case .generation: try runGenerationBenchmark(model, tokens: steps ?? 500, json: options.json)
        case .exchange:
            try runExchangeBenchmark(megabytes: megabytes, configuration: model.configuration, json: options.json)
        case .tokenising(let path):
            try InputFile.check(path, namedBy: "--tokenise")
            try runTokenisingBenchmark(path, unit: options.tokens, json: options.json)
        }
    }
}

/// A named model size to measure.
enum BenchmarkModel: String, ExpressibleByArgument, CaseIterable {
    /// Two LSTM layers of 200 units, vocabulary 10,000, batch 20, windows of 35 (Zaremba et al. 2014).
    case zarembaSmall = "zaremba-small"
    /// Two LSTM layers of 650 units, vocabulary 10,000, batch 20, windows of 35.
    case zarembaMedium = "zaremba-medium"
    /// Two LSTM layers of 200 units over the words of WikiText-2, batch 20, windows of 35.
    case wikitext2 = "wikitext-2"
    /// Two LSTM layers of 128 units, 65 characters, batch 50, windows of 50.
    case char

    var measured: MeasuredModel {
        switch self {
        case .zarembaSmall: sized(hidden: 200, vocabulary: 10_000, batch: 20, window: 35)
        case .zarembaMedium: sized(hidden: 650, vocabulary: 10_000, batch: 20, window: 35)
        case .wikitext2: sized(hidden: 200, vocabulary: 33_278, batch: 20, window: 35)
        case .char: sized(hidden: 128, vocabulary: 65, batch: 50, window: 50)
        }
    }

    private func sized(hidden: Int, vocabulary: Int, batch: Int, window: Int) -> MeasuredModel {
        MeasuredModel(
            name: rawValue, hiddenSize: hidden, vocabularySize: vocabulary, batchSize: batch, windowLength: window)
    }
}

/// The model and its step: a named size, and the differences from it.
struct MeasuredStepOptions: ParsableArguments {
    @Option(help: "Model size to start from: two LSTM layers.")
    var model = BenchmarkModel.zarembaSmall

    @Option(help: "Recurrent cell. (default: the model's)")
    var cell: CellKind?

    @Option(help: "Output layer. (default: the model's)")
    var output: OutputKind?

    @Option(help: ArgumentHelp(.cutoffs))
    var cutoffs: String?

    @Option(help: ArgumentHelp(.logitMemory))
    var logitMemory: String?

    @Flag(help: "Draw tokens by Zipf's law: the token of rank r has a probability of about 1/r. (default: all equally often)")
    var zipf = false

    @Option(help: ArgumentHelp("Number of stacked recurrent layers. (default: the model's)", valueName: "n"))
    var layers: String?

    @Option(help: ArgumentHelp("Units of each layer and of the embedding. (default: the model's)", valueName: "n"))
    var hidden: String?

    @Option(help: ArgumentHelp("Number of vocabulary entries. (default: the model's)", valueName: "n"))
    var vocabulary: String?

    @Option(help: ArgumentHelp("Number of streams, over all ranks. (default: the model's)", valueName: "n"))
    var batchSize: String?

    @Option(help: ArgumentHelp("Time steps of a window. (default: the model's)", valueName: "n"))
    var window: String?

    @Option(help: "Optimizer.")
    var optimizer = OptimizerKind(Adam.self)

    @Option(help: ArgumentHelp("Probability of dropping a unit.", valueName: "x"))
    var dropout = "0.0"

    @Option(help: ArgumentHelp(.precision))
    var precision: Precision?

    @Option(help: ArgumentHelp("Number of shards; see train. (default: as in training)", valueName: "n"))
    var shards: String?

    @Option(help: ArgumentHelp(.exchange))
    var exchange: ExchangeMode?

    @Option(help: ArgumentHelp(.nodeSize))
    var nodeSize: String?

    @Option(help: ArgumentHelp(.teams))
    var teams: TeamMode?

    @Option(
        help: ArgumentHelp(
            "Another key of the model or of the optimizer, as in a configuration file, such as --set projection-size=100. Can be given several times.",
            valueName: "key=value"))
    var set: [String] = []

    /// The named model with the changes of the options. Throws `ConfigurationError` for a value out of range, and `OptionConflict` for a
    /// key that `--set` does not take.
    func measured() throws -> MeasuredModel {
        var measured = model.measured
        measured.drawsByZipf = zipf
        if let vocabulary {
            measured.vocabularySize = try ValueRange.whole(1...Int(Int32.max)).value(vocabulary, of: "--vocabulary")
        }
        let given: KeyValuePairs<ConfigurationKey, String?> = [
            .hiddenSize: hidden, .embeddingSize: hidden, .cell: cell?.rawValue, .output: output?.rawValue,
            .cutoffs: cutoffs, .logitMemory: logitMemory, .layers: layers, .batchSize: batchSize,
            .windowLength: window, .optimizer: optimizer.rawValue, .dropout: dropout, .shards: shards,
            .precision: precision?.rawValue, .exchange: exchange?.rawValue, .nodeSize: nodeSize, .teams: teams?.rawValue,
        ]
        let names: [ConfigurationKey: String] = [.hiddenSize: "--hidden", .embeddingSize: "--hidden", .windowLength: "--window"]
        for (key, text) in given {
            if let text { try measured.configuration.set(key, argument: text, option: names[key]) }
        }
        for assignment in set { try Self.apply(assignment, to: &measured.configuration) }
        return measured
    }

    private static func apply(_ assignment: String, to configuration: inout TrainingConfiguration) throws {
        let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw OptionConflict("--set \(quoting: assignment) has no '='; write --set KEY=VALUE.") }
        let name = String(parts[0])
        let keys = ConfigurationKey.allCases.filter { [.model, .optimization].contains($0.theme) }
        guard let key = keys.first(where: { $0.rawValue == name }) else {
            let nearest = NearestName.of(name, among: keys.map(\.rawValue)).map { "; did you mean \($0)?" } ?? "."
            throw OptionConflict(
                "--set \(quoting: assignment): no key of the model or of the optimizer is named \(quoting: name)\(nearest)")
        }
        try configuration.set(key, argument: String(parts[1]), option: "--set \(name)")
    }
}

/// The measurement of `benchmark`, and the form of its report.
struct BenchmarkOptions: ParsableArguments {
    /// The measurement.
    enum Subject {
        case steps, generation, exchange
        case tokenising(String)
    }

    @Option(
        help: ArgumentHelp(
            "Number of steps to measure, or of tokens with --generate, after a warm-up. (default: 50 steps, 500 tokens)",
            valueName: "n"))
    var steps: String?

    @Flag(help: "Measure text generation, token by token on one stream; under mpirun, in each process by itself. (default: off)")
    var generate = false

    @Flag(help: "Measure the reduction of gradients only, and compare it with MPI_Allreduce. (default: off)")
    var exchangeOnly = false

    @Option(
        help: ArgumentHelp(
            "Measure the speed of tokenizing this text on all ranks, in the units of --tokens. (default: none)", valueName: "path"
        ),
        completion: .file())
    var tokenise: String?

    @Option(help: "Unit of a token for --tokenise.")
    var tokens = TokenUnit.word

    @Option(help: ArgumentHelp("Size of the gradients for --exchange-only, in megabytes (1,000,000 bytes).", valueName: "n"))
    var megabytes = "80"

    @Flag(help: "Print one JSON object with all figures instead of a table. (default: off)")
    var json = false

    var subject: Subject {
        if let tokenise { return .tokenising(tokenise) }
        return generate ? .generation : exchangeOnly ? .exchange : .steps
    }

    /// The number of steps or tokens to measure; nil if it is not given. Throws for a value out of range.
    func stepCount() throws(ConfigurationError) -> Int? {
        guard let steps else { return nil }
        return try ValueRange.whole(1...1_000_000).value(steps, of: "--steps")
    }

    /// The size of the gradients, in units of 10^6 bytes. Throws for a value out of range.
    func size() throws(ConfigurationError) -> Int {
        try ValueRange.whole(1...1_000_000).value(megabytes, of: "--megabytes")
    }

    func validate() throws {
        if [generate, exchangeOnly, tokenise != nil].count(where: { $0 }) > 1 {
            throw ValidationError("--generate, --exchange-only and --tokenise exclude each other. Use one of them.")
        }
        if tokens.needsDefinition {
            throw ValidationError("--tokens \(tokens.rawValue) cannot be measured here. Use word, char, byte or integers.")
        }
    }
}
