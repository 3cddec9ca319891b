import Configuration
import Foundation
import Layers
import Runs
import TestSupport
import Testing
import Training

/// Compares the forecast before a run with the run.
@Suite("The forecast of a run", .serialized)
struct ForecastTests {
    private let texts: TrainingFolder

    init() throws { texts = try TrainingFolder(options: [], lines: 200, validLines: 40) }

    private static let cases: [(ranks: Int, options: [String])] = [
        (1, []), (2, ["--cell", "gru", "--optimizer", "sgd"]),
        (3, ["--cell", "gru", "--gru-reset", "before", "--dropout", "0.2"]),
        (2, ["--cell", "elman", "--tie-weights", "--optimizer", "sgd", "--momentum", "0.9"]),
        (2, ["--precision", "bf16", "--initial-state", "learned", "--exchange", "messages"]),
        (4, ["--node-size", "2", "--layers", "3"]), (2, ["--input-mlp", "120", "--output-mlp", "80", "--transition-mlp", "72"]),
        (4, ["--hidden-size", "300", "--teams", "always"]),
        (8, ["--hidden-size", "320", "--teams", "always", "--cell", "gru", "--node-size", "4"]),
        (4, ["--hidden-size", "544", "--teams", "always", "--cell", "elman"]),
    ]

    /// Each cell, with learned states.
    private static let cells: [(ranks: Int, options: [String])] = CellKind.allCases.map {
        (
            2,
            CellOptions.small($0.rawValue)
                + (Cells.namesWithLearnedState.contains($0.rawValue) ? ["--initial-state", "learned"] : [])
        )
    }

    /// Each output layer.
    private static let outputs: [(ranks: Int, options: [String])] =
        OutputKind.allCases.map {
            (3, OutputOptions.small($0.rawValue))
        } + OutputOptions.maxEnt.map { (2, $0) }

    /// The first line of a run's log, and the run's resolved configuration and vocabulary.
    private func run(ranks: Int, _ options: [String]) throws -> (start: [String: Any], configuration: TrainingConfiguration) {
        let all =
            ["--hidden-size", "96", "--embedding-size", "96", "--batch-size", "13", "--bptt", "11", "--epochs", "1"] + options
        let outcome = try ProgramRun.onRanks(ranks, "rnntrain", texts.arguments(run: "run", all), folder: texts.folder)
        try #require(outcome.status == 0, "\(outcome)")
        let line = try #require(
            String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self).split(separator: "\n").first)
        let start = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        return (start, try StoredCheckpoint(path: texts.path("run/best.safetensors")).configuration)
    }

    @Test(
        "The forecast memory is within 1 % of the reported memory, and exact for shared memory",
        arguments: cases + cells + outputs)
    func memory(ranks: Int, options: [String]) throws {
        let (start, configuration) = try run(ranks: ranks, options)
        let vocabulary = try #require(start["vocabulary_size"] as? Int)
        let needs = try MemoryNeeds(
            configuration, vocabularySize: vocabulary, hosts: [0..<ranks],
            transport: configuration.exchange == .window ? .window : .messages)
        // The log omits rank 0's copies for checkpoints and the token buffers of a window.
        let windows = 3 * configuration.batchSize * configuration.windowLength * 4
        let receiving = needs.exchange.receiveByteCounts.reduce(0, +)
        let said = try #require(start["private_bytes"] as? Int)
        let forecast = needs.privateBytes.reduce(0, +) - needs.checkpointBytes - windows - receiving
        #expect(abs(said - forecast) * 100 <= said, "\(forecast) of \(said)")
        // For each node the log has the values of its first rank: the memory of the node and that rank's private buffer.
        let firsts = needs.exchange.nodes.reduce(0) { $0 + needs.exchange.receiveByteCounts[$1.lowerBound] }
        #expect(start["shared_bytes"] as? Int == needs.sharedBytes(ofHost: 0..<ranks) + firsts)
    }

    @Test("The forecast size of checkpoints is at most two kilobytes too large", arguments: cases)
    func checkpoint(ranks: Int, options: [String]) throws {
        _ = try run(ranks: ranks, options)
        let path = texts.path("run/best.safetensors")
        let stored = try StoredCheckpoint(path: path)
        let bound = try CheckpointSize.bounds(
            stored.configuration, shape: stored.modelShape, vocabulary: stored.vocabulary.jsonText(),
            textDigests: stored.textDigests
        ).file
        let size = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        #expect(bound >= size && bound - size <= 2000, "\(bound) for \(size)")
    }
}
