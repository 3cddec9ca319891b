import Benchmarks
import Communication
import Exchange
import Foundation
import TextData
import Training

// What `benchmark` measures. Rank 0 prints the figures.

/// Measures training steps on all ranks.
func runStepBenchmark(_ model: MeasuredModel, steps: Int, json: Bool) throws {
    try withWorld { world in
        let measured = try StepMeasurement(world: world, model: model, steps: steps)
        if world.isRoot { print(json ? measured.figures.json : measured.table) }
    }
}

/// Measures generation. Under a launcher rank 0 does it alone.
func runGenerationBenchmark(_ model: MeasuredModel, tokens: Int, json: Bool) throws {
    guard ProcessRank.speaks else { return }
    let measured = GenerationMeasurement(model: model, tokens: tokens)
    print(json ? measured.figures.json : measured.table)
}

/// Measures how fast a text becomes tokens; what is written goes to a temporary file.
func runTokenisingBenchmark(_ path: String, unit: TokenUnit, json: Bool) throws {
    try withWorld { world in
        let scratch =
            FileManager.default.temporaryDirectory.path + "/rnntrain-tokens-\(ProcessInfo.processInfo.processIdentifier)"
        let measured = try TokenisingMeasurement.measure(path: path, unit: unit, scratch: scratch, world: world)
        if let measured { print(json ? measured.figures.json : measured.table) }
    }
}

/// Measures the reduction of gradients of so many 10^6 bytes on all ranks.
func runExchangeBenchmark(megabytes: Int, configuration: TrainingConfiguration, json: Bool) throws {
    try withWorld { world in
        let measured = try ExchangeMeasurement(
            world: world, elementCount: megabytes * 1_000_000 / 4 / 16 * 16,
            transport: configuration.exchange == .window ? .window : .messages,
            nodeSize: configuration.nodeSize > 0 ? configuration.nodeSize : nil)
        if world.isRoot { print(json ? measured.figures.json : measured.table) }
    }
}
