import Benchmarks
import Communication
import Configuration
import Exchange
import Failures
import Files
import Foundation
import TextData
import Training

// The measurements of `benchmark`. Rank 0 prints the figures.

/// Measures training steps on all ranks.
func runStepBenchmark(_ model: MeasuredModel, steps: Int, json: Bool) throws {
    try printFiguresOfRankZero { world in
        let measured = try StepMeasurement(world: world, model: model, steps: steps)
        return json ? measured.figures.json : measured.table
    }
}

/// Measures generation, in this process only.
func runGenerationBenchmark(_ model: MeasuredModel, tokens: Int, json: Bool) throws {
    let measured = try GenerationMeasurement(model: model, tokens: tokens)
    try StandardOutput.printResult(json ? measured.figures.json : measured.table)
}

/// Measures the speed of tokenizing a text. The output is a temporary file.
func runTokenisingBenchmark(_ path: String, unit: TokenUnit, json: Bool) throws {
    try printFiguresOfRankZero { world in
        let scratch =
            joinPath(getenv("TMPDIR").map { RawByte.text(cString: $0) } ?? "/tmp", "rnntrain-tokens-\(getpid())")
        let measured = try TokenisingMeasurement.measure(path: path, unit: unit, scratch: scratch, world: world)
        return measured.map { json ? $0.figures.json : $0.table } ?? ""
    }
}

/// Measures the reduction of gradients of `megabytes` times 10^6 bytes on all ranks.
func runExchangeBenchmark(megabytes: Int, configuration: TrainingConfiguration, json: Bool) throws {
    try printFiguresOfRankZero { world in
        // Each rank has at least one partial gradient and the two buffers of MPI_Allreduce.
        try MemoryCheck.require(bytesOfEachRank: 3e6 * Double(megabytes), world: world)
        let measured = try ExchangeMeasurement(
            world: world, elementCount: megabytes * 1_000_000 / 4 / 16 * 16,
            transport: configuration.exchange == .window ? .window : .messages,
            nodeSize: configuration.nodeSize > 0 ? configuration.nodeSize : nil)
        return json ? measured.figures.json : measured.table
    }
}

/// Measures on all ranks. Rank 0 prints the result after MPI has ended.
private func printFiguresOfRankZero(_ measure: (World) throws -> String) throws {
    let figures = try withWorld(stallLimit: TrainingConfiguration().stallLimit.seconds) { world in
        Watchdog.endStart()
        StopSignals.release()
        let text = try measure(world)
        return world.isRoot ? text : nil
    }
    if let figures { try StandardOutput.printResult(figures) }
}
