import Benchmarks
import Exchange
import Foundation
import Kinds
import Layers
import Training

/// Named figures in order, as one JSON object.
struct Figures {
    private var members: [String] = []

    init() {}

    /// A figure that is not known becomes null.
    mutating func add(_ name: String, _ value: Int?) { members.append("\"\(name)\":" + (value.map { "\($0)" } ?? "null")) }

    /// The same for a number that is not finite, because JSON cannot represent it.
    mutating func add(_ name: String, _ value: Double?) {
        members.append("\"\(name)\":" + (value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "null"))
    }

    /// A text without characters that JSON must escape.
    mutating func add(_ name: String, _ value: String) { members.append("\"\(name)\":\"\(value)\"") }

    var json: String { "{" + members.joined(separator: ",") + "}" }
}

extension Figures {
    /// The figures of the model and its step. `batch_size` counts the streams of all ranks.
    fileprivate init(_ model: MeasuredModel) {
        let configuration = model.configuration
        add("model", model.name)
        add("cell", configuration.cell.rawValue)
        add("layers", configuration.layers)
        add("hidden", configuration.hiddenSize)
        add("vocabulary", model.vocabularySize)
        add("output", configuration.output.rawValue)
        if configuration.output.rawValue == "adaptive" {
            members.append("\"cutoffs\":\(configuration.settings[OutputSettings.cutoffs].values)")
        }
        add("tokens_drawn", model.drawsByZipf ? "zipf" : "uniform")
        add("batch_size", configuration.batchSize)
        add("window", configuration.windowLength)
        add("optimizer", configuration.optimizer.rawValue)
        add("learning_rate", configuration.learningRate)
        add("clip", configuration.clip)
        add("dropout", configuration.dropout)
        add("precision", configuration.precision.rawValue)
        add("parameters", model.parameterCount)
    }
}

extension StepMeasurement {
    /// All figures: times in milliseconds, speeds in 10^9 operations per second, bytes of all ranks together.
    var figures: Figures {
        var figures = Figures(model)
        figures.add("kernels", level)
        figures.add("hosts", hostCount)
        figures.add("ranks", rankCount)
        figures.add("cores", coreCount)
        figures.add("shards", shardCount)
        figures.add("team_ranks", teamRankCount)
        figures.add("steps", steps)
        addSpeed(to: &figures)
        addTimes(to: &figures)
        addMemory(to: &figures)
        return figures
    }

    private func addSpeed(to figures: inout Figures) {
        figures.add("operations_per_token", operationsPerToken)
        figures.add("tokens_per_second", tokensPerSecond)
        figures.add("gigaflops", gigaflops)
        figures.add("peak_gigaflops", peakGigaflops)
        figures.add("peak_gigaflops_per_core", peakGigaflops / Double(coreCount))
        figures.add("peak_share", peakShare)
        figures.add("peak_share_lowest", peakShares?.min())
        figures.add("peak_share_highest", peakShares?.max())
        figures.add("floor_tokens_per_second", floorTokensPerSecond)
    }

    private func addTimes(to figures: inout Figures) {
        figures.add("step_ms", parts.whole)
        let named = [
            ("compute", parts.compute), ("reduce", parts.reduce), ("update", parts.update), ("wait", parts.wait),
        ]
        for (name, part) in named { figures.add(name + "_ms", part) }
        for (name, part) in named { figures.add(name + "_share", parts.share(part)) }
    }

    private func addMemory(to figures: inout Figures) {
        figures.add("added_bytes", addedBytes)
        figures.add("sent_bytes", sentBytes)
        figures.add("private_bytes", allocatedPrivateBytes)
        figures.add("shared_bytes", allocatedSharedBytes)
        guard let systemMemory else { return }
        figures.add("system_private_bytes", systemMemory.privateBytes)
        figures.add("system_shared_bytes", systemMemory.sharedBytes)
    }
}

extension GenerationMeasurement {
    /// All figures: times in milliseconds.
    var figures: Figures {
        var figures = Figures(model)
        figures.add("kernels", level)
        figures.add("tokens", tokens)
        figures.add("tokens_per_second", tokensPerSecond)
        figures.add("token_ms", tokenMilliseconds)
        figures.add("model_ms", modelMilliseconds)
        figures.add("draw_ms", drawMilliseconds)
        figures.add("weight_bytes", weightBytes)
        figures.add("read_bytes_per_second", bytesPerSecond)
        figures.add("bound_tokens_per_second", boundTokensPerSecond)
        figures.add("bound_share", boundShare)
        return figures
    }
}

extension ExchangeMeasurement {
    /// All figures: times in milliseconds.
    var figures: Figures {
        var figures = Figures()
        figures.add("bytes", elementCount * 4)
        figures.add("ranks", rankCount)
        figures.add("nodes", nodeCount)
        figures.add("reduce_ms", reduceMilliseconds)
        figures.add("allreduce_ms", allreduceMilliseconds)
        figures.add("ratio", speedup)
        figures.add("memory_bound_ms", memoryBoundMilliseconds)
        figures.add("memory_bytes_per_second", memoryBytesPerSecond)
        return figures
    }
}

extension TokenisingMeasurement {
    /// All figures: speeds in 10^6 bytes of text per second and rank.
    var figures: Figures {
        var figures = Figures()
        figures.add("bytes", byteCount)
        figures.add("tokens", tokenCount)
        figures.add("vocabulary", vocabularySize)
        figures.add("ranks", rankCount)
        figures.add("counting_seconds", countingSeconds)
        figures.add("counting_rate", countingRate)
        figures.add("encoding_seconds", encodingSeconds)
        figures.add("encoding_rate", encodingRate)
        return figures
    }
}
