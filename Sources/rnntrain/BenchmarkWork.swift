import Benchmarks
import Communication
import Exchange
import Training

/// Measures steps, or the exchange alone, and prints the figures.
func runBenchmark(_ options: BenchmarkOptions) throws {
    try withWorld { world in
        let nodeSize = options.nodeSize > 0 ? options.nodeSize : nil
        if options.exchangeOnly {
            let measured = try ExchangeMeasurement(
                world: world, elementCount: options.megabytes * 1_000_000 / 4 / 16 * 16,
                transport: options.exchange == .window ? .window : .messages, nodeSize: nodeSize)
            if world.isRoot { print(options.json ? measured.json : measured.table) }
        } else {
            let measured = try StepMeasurement(
                world: world, model: options.model.measured, steps: options.steps, messages: options.exchange == .messages,
                nodeSize: nodeSize)
            if world.isRoot { print(options.json ? measured.json : measured.table(options.model.rawValue)) }
        }
    }
}

extension BenchmarkModel {
    var measured: MeasuredModel {
        switch self {
        case .zarembaSmall: MeasuredModel(hiddenSize: 200, vocabularySize: 10_000, batchSize: 20, windowLength: 35)
        case .zarembaMedium: MeasuredModel(hiddenSize: 650, vocabularySize: 10_000, batchSize: 20, windowLength: 35)
        case .char: MeasuredModel(hiddenSize: 128, vocabularySize: 65, batchSize: 50, windowLength: 50)
        }
    }
}

extension ExchangeMeasurement {
    fileprivate var table: String {
        """
        \(NumberText.scaled(Double(elementCount * 4), unit: "B")) of gradients, \(rankCount) ranks, \(nodeCount) node\(nodeCount == 1 ? "" : "s"); medians of the slowest rank
          ordered sum and norm   \(NumberText.fixed(reduceMilliseconds, 2)) ms
          MPI_Allreduce          \(NumberText.fixed(allreduceMilliseconds, 2)) ms   \(NumberText.fixed(speedup, 1)) times as long
          memory bound           \(NumberText.fixed(memoryBoundMilliseconds, 2)) ms   at \(NumberText.fixed(memoryBytesPerSecond / 1e9, 1)) GB/s, measured by copies
        """
    }

    fileprivate var json: String {
        "{\"bytes\":\(elementCount * 4),\"ranks\":\(rankCount),\"nodes\":\(nodeCount),\"reduce_ms\":\(reduceMilliseconds),"
            + "\"allreduce_ms\":\(allreduceMilliseconds),\"ratio\":\(speedup),\"memory_bound_ms\":\(memoryBoundMilliseconds),"
            + "\"memory_bytes_per_second\":\(memoryBytesPerSecond)}"
    }
}

extension StepMeasurement {
    fileprivate func table(_ name: String) -> String {
        """
        \(name): \(NumberText.scaled(Double(parameterCount))) parameters, \(NumberText.fixed(operationsPerToken / 1e6, 1)) MFLOP a token, \(rankCount) rank\(rankCount == 1 ? "" : "s"); medians of the slowest rank
          speed     \(NumberText.grouped(Int(tokensPerSecond))) tokens/s, \(NumberText.fixed(gigaflops, 1)) GFLOP/s
          step      \(NumberText.fixed(stepMilliseconds, 2)) ms: forward and backward \(NumberText.fixed(computeMilliseconds, 2)), reduce \(NumberText.fixed(reduceMilliseconds, 2)), update \(NumberText.fixed(updateMilliseconds, 2)), wait \(NumberText.fixed(waitMilliseconds, 2))
          exchange  \(NumberText.scaled(Double(addedBytes), unit: "B")) read and written by a rank, \(NumberText.scaled(Double(sentBytes), unit: "B")) sent to other nodes, a step
          memory    \(NumberText.scaled(Double(privateBytes), unit: "B")) private + \(NumberText.scaled(Double(sharedBytes), unit: "B")) shared, all ranks together
        """
    }

    fileprivate var json: String {
        "{\"ranks\":\(rankCount),\"parameters\":\(parameterCount),\"tokens_per_second\":\(tokensPerSecond),\"gigaflops\":\(gigaflops),"
            + "\"step_ms\":\(stepMilliseconds),\"compute_ms\":\(computeMilliseconds),\"reduce_ms\":\(reduceMilliseconds),"
            + "\"update_ms\":\(updateMilliseconds),\"wait_ms\":\(waitMilliseconds),\"added_bytes\":\(addedBytes),"
            + "\"sent_bytes\":\(sentBytes),\"private_bytes\":\(privateBytes),\"shared_bytes\":\(sharedBytes)}"
    }
}
