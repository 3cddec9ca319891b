import Benchmarks
import Exchange
import Failures
import Training

// The figures of `benchmark` as tables.

extension StepMeasurement {
    var table: String {
        ([heading, speedLine, peakLine, stepLine, exchangeLine] + memoryLines + (notice.map { ["  " + $0] } ?? []))
            .joined(separator: "\n")
    }

    private var heading: String {
        """
        \(model.heading), B \(model.configuration.batchSize), T \(model.configuration.windowLength), \
        \(model.configuration.optimizer.rawValue), \(model.configuration.precision.rawValue)\(dropoutText)
          ranks     \(rankCount) on \(counted(coreCount, "core"))\(hostCount > 1 ? " of \(hostCount) hosts" : ""), \(counted(shardCount, "shard")), \
        \(teamRankCount > 1 ? "teams of \(teamRankCount), " : "")kernels \(level); medians of \(counted(steps, "step"))
        """
    }

    private var dropoutText: String {
        model.configuration.dropout > 0 ? ", dropout \(NumberText.significant(model.configuration.dropout))" : ""
    }

    private var speedLine: String {
        "  speed     \(NumberText.grouped(Int(tokensPerSecond))) tokens/s\(shareText)"
    }

    /// Empty if the operations of a token are not known.
    private var shareText: String {
        guard let gigaflops, let peakShare, let lowest = peakShares?.min(), let highest = peakShares?.max() else { return "" }
        let range = "\(percent(lowest)) to \(percent(highest)) over the blocks"
        return ", \(NumberText.fixed(gigaflops, 1)) GFLOP/s: \(percent(peakShare)) of the peak, \(range)"
    }

    private var peakLine: String {
        let perCore = NumberText.fixed(peakGigaflops / Double(coreCount), 1)
        return """
              peak      \(NumberText.fixed(peakGigaflops, 1)) GFLOP/s (\(perCore) per core)\(floorText); \
            range over the measurements \(NumberText.fixed(peaks.min() ?? 0, 1)) to \(NumberText.fixed(peaks.max() ?? 0, 1))
            """
    }

    private var floorText: String {
        guard let operationsPerToken, let floorTokensPerSecond else { return "" }
        let operations = "\(NumberText.fixed(operationsPerToken / 1e6, 1)) MFLOP per token"
        return ", which is \(NumberText.grouped(Int(floorTokensPerSecond))) tokens/s at \(operations)"
    }

    private var stepLine: String {
        let named = [
            ("forward and backward", parts.compute), ("reduce", parts.reduce), ("clip and update", parts.update),
            ("wait", parts.wait),
        ]
        let texts = named.map { name, part in "\(name) \(NumberText.fixed(part, 2)) (\(percent(parts.share(part))))" }
        return "  step      \(NumberText.fixed(parts.whole, 2)) ms: \(texts.joined(separator: ", "))"
    }

    private var exchangeLine: String {
        "  exchange  \(bytes(addedBytes)) read and written, \(bytes(sentBytes)) sent to other nodes, per step of all ranks"
    }

    private var memoryLines: [String] {
        let allocated =
            "  memory    \(bytes(allocatedPrivateBytes)) private + \(bytes(allocatedSharedBytes)) shared by the ranks of a node, allocated by the "
            + "program on all ranks"
        guard let systemMemory else { return [allocated] }
        return [
            allocated,
            "            \(bytes(systemMemory.privateBytes)) private + \(bytes(systemMemory.sharedBytes)) shared, as counted by the "
                + "system (each page once, with program code and MPI)",
        ]
    }
}

extension GenerationMeasurement {
    var table: String {
        """
        \(model.heading), \(model.configuration.precision.rawValue), one stream
          process   1 on 1 core, kernels \(level); medians of \(counted(tokens, "token"))
          speed     \(NumberText.grouped(Int(tokensPerSecond))) tokens/s\(boundText)
          token     \(NumberText.fixed(tokenMilliseconds, 3)) ms: model \(NumberText.fixed(modelMilliseconds, 3)), \
        sampling \(NumberText.fixed(drawMilliseconds, 3))
        """
    }

    /// The share of the bound, and the line of the bound; empty if the weights that a token reads are not known.
    private var boundText: String {
        guard let boundShare, let boundTokensPerSecond, let weightBytes, let bytesPerSecond else { return "" }
        return """
            : \(percent(boundShare)) of the bound
              bound     \(NumberText.grouped(Int(boundTokensPerSecond))) tokens/s: \(bytes(weightBytes)) of weights read per token at \
            \(NumberText.fixed(bytesPerSecond / 1e9, 1)) GB/s, measured between tokens
            """
    }
}

extension ExchangeMeasurement {
    var table: String {
        """
        \(bytes(elementCount * 4)) of gradients, \(counted(rankCount, "rank")), \(counted(nodeCount, "node")); medians of the slowest rank
          ordered sum and norm   \(NumberText.fixed(reduceMilliseconds, 2)) ms
          MPI_Allreduce          \(NumberText.fixed(allreduceMilliseconds, 2)) ms   \(NumberText.fixed(speedup, 1)) times the time
          memory bound           \(NumberText.fixed(memoryBoundMilliseconds, 2)) ms   at \(NumberText.fixed(memoryBytesPerSecond / 1e9, 1)) GB/s, measured by copies
        """
    }
}

extension TokenisingMeasurement {
    var table: String {
        """
        \(bytes(byteCount)) of text, \(NumberText.counted(tokenCount, "token")), vocabulary \(NumberText.grouped(vocabularySize)), \
        read by \(counted(rankCount, "rank"))
          counting   \(NumberText.fixed(countingSeconds, 2)) s, \(NumberText.fixed(countingRate, 0)) MB/s per rank: digest, UTF-8 check, vocabulary
          encoding   \(NumberText.fixed(encodingSeconds, 2)) s, \(NumberText.fixed(encodingRate, 0)) MB/s per rank: tokens, written to disk
        """
    }
}

extension MeasuredModel {
    /// Name, network and parameters.
    fileprivate var heading: String {
        """
        \(name): \(configuration.cell.rawValue) \(configuration.layers) x \(configuration.hiddenSize), \
        vocabulary \(NumberText.grouped(vocabularySize)), \(NumberText.scaled(Double(parameterCount))) parameters
        """
    }
}

private func bytes(_ count: Int) -> String { NumberText.scaled(Double(count), unit: "B") }

private func percent(_ share: Double) -> String { "\(NumberText.fixed(share * 100, share < 0.1 ? 1 : 0)) %" }
