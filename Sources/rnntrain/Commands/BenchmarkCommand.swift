import ArgumentParser
import Training

/// `rnntrain benchmark`: tokens per second, and where a step's time goes.
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Measure tokens per second over synthetic text, and the parts of a step.")

    @OptionGroup var options: BenchmarkOptions

    func run() throws {
        try runBenchmark(options)
    }
}

/// A named model size to measure.
enum BenchmarkModel: String, ExpressibleByArgument, CaseIterable {
    /// Two LSTM layers of 200 units, vocabulary 10,000, batch 20, windows of 35 (Zaremba et al. 2014).
    case zarembaSmall = "zaremba-small"
    /// Two LSTM layers of 650 units, vocabulary 10,000, batch 20, windows of 35.
    case zarembaMedium = "zaremba-medium"
    /// Two LSTM layers of 128 units, 65 characters, batch 50, windows of 50.
    case char
}

/// What `benchmark` measures.
struct BenchmarkOptions: ParsableArguments {
    @Option(help: "Model size to measure.")
    var model = BenchmarkModel.zarembaSmall

    @Option(help: ArgumentHelp("Steps to measure, after a few to warm up.", valueName: "n"))
    var steps = 50

    @Flag(help: "Measure the reduction of gradients alone, beside MPI_Allreduce. (default: off)")
    var exchangeOnly = false

    @Option(help: ArgumentHelp("Size of the gradients for --exchange-only, in units of 1,000,000 bytes.", valueName: "n"))
    var megabytes = 80

    @Option(help: "How the ranks of a node sum gradients.")
    var exchange = ExchangeMode.window

    @Option(help: ArgumentHelp("Ranks to treat as one node; 0: the nodes as they are.", valueName: "n"))
    var nodeSize = 0

    @Flag(help: "Print one JSON object instead of a table. (default: off)")
    var json = false

    func validate() throws {
        guard steps >= 1 else { throw ValidationError("--steps is \(steps); it must be 1 or more.") }
        guard megabytes >= 1 else { throw ValidationError("--megabytes is \(megabytes); it must be 1 or more.") }
        guard nodeSize >= 0 else { throw ValidationError("--node-size is \(nodeSize); it must be 0 or more.") }
    }
}
