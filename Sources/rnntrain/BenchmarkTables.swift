import Benchmarks
import Exchange
import Failures
import Training

// The figures of `benchmark` as people read them.

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
        """
          speed     \(NumberText.grouped(Int(tokensPerSecond))) tokens/s, \(NumberText.fixed(gigaflops, 1)) GFLOP/s: \
        \(percent(peakShare)) of the peak, \(percent(peakShares.min() ?? 0)) to \(percent(peakShares.max() ?? 0)) block by block
        """
    }

    private var peakLine: String {
        """
          peak      \(NumberText.fixed(peakGigaflops, 1)) GFLOP/s (\(NumberText.fixed(peakGigaflops / Double(coreCount), 1)) a core), \
        for \(NumberText.fixed(model.operationsPerToken / 1e6, 1)) MFLOP a token \(NumberText.grouped(Int(floorTokensPerSecond))) tokens/s; \
        between the steps it was \(NumberText.fixed(peaks.min() ?? 0, 1)) to \(NumberText.fixed(peaks.max() ?? 0, 1))
        """
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
        "  exchange  \(bytes(addedBytes)) read and written, \(bytes(sentBytes)) sent to other nodes, a step of all ranks"
    }

    private var memoryLines: [String] {
        let allocated =
            "  memory    \(bytes(allocatedPrivateBytes)) private + \(bytes(allocatedSharedBytes)) shared by the ranks of a node, as the "
            + "program allocates it, all ranks together"
        guard let systemMemory else { return [allocated] }
        return [
            allocated,
            "            \(bytes(systemMemory.privateBytes)) private + \(bytes(systemMemory.sharedBytes)) shared, each page once, as the "
                + "system counts it: with programs and MPI",
        ]
    }
}

extension GenerationMeasurement {
    var table: String {
        """
        \(model.heading), \(model.configuration.precision.rawValue), one stream
          process   1 on 1 core, kernels \(level); medians of \(counted(tokens, "token"))
          speed     \(NumberText.grouped(Int(tokensPerSecond))) tokens/s: \(percent(boundShare)) of the bound
          bound     \(NumberText.grouped(Int(boundTokensPerSecond))) tokens/s: \(bytes(weightBytes)) of weights read once a token at \
        \(NumberText.fixed(bytesPerSecond / 1e9, 1)) GB/s, measured between the tokens
          token     \(NumberText.fixed(tokenMilliseconds, 3)) ms: model \(NumberText.fixed(modelMilliseconds, 3)), \
        drawing from its output \(NumberText.fixed(drawMilliseconds, 3))
        """
    }
}

extension ExchangeMeasurement {
    var table: String {
        """
        \(bytes(elementCount * 4)) of gradients, \(counted(rankCount, "rank")), \(counted(nodeCount, "node")); medians of the slowest rank
          ordered sum and norm   \(NumberText.fixed(reduceMilliseconds, 2)) ms
          MPI_Allreduce          \(NumberText.fixed(allreduceMilliseconds, 2)) ms   \(NumberText.fixed(speedup, 1)) times as long
          memory bound           \(NumberText.fixed(memoryBoundMilliseconds, 2)) ms   at \(NumberText.fixed(memoryBytesPerSecond / 1e9, 1)) GB/s, measured by copies
        """
    }
}

extension TokenisingMeasurement {
    var table: String {
        """
        \(bytes(byteCount)) of text, \(NumberText.counted(tokenCount, "token")), vocabulary \(NumberText.grouped(vocabularySize)), \
        read by \(counted(rankCount, "rank"))
          counting   \(NumberText.fixed(countingSeconds, 2)) s, \(NumberText.fixed(countingRate, 0)) MB/s a rank: digest, check for UTF-8, vocabulary
          encoding   \(NumberText.fixed(encodingSeconds, 2)) s, \(NumberText.fixed(encodingRate, 0)) MB/s a rank: tokens, brought to the disk
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
