import Foundation
import Layers
import TestSupport
import Testing

@Suite("Runs of each cell", .serialized)
struct CellRunTests {
    /// Settings with which a cell has another implementation, and regularisers.
    private static let settings = [
        ["--cell", "lstm", "--projection-size", "40"], ["--cell", "lstm", "--layer-norm"],
        ["--cell", "gru", "--time-skips", "2,4"], ["--cell", "lstm", "--input-mlp", "24", "--output-mlp", "40"],
        ["--cell", "lstm", "--transition-mlp", "56"],
        [
            "--cell", "lstm", "--dropout", "0.3", "--locked-dropout", "--embedding-dropout", "0.2", "--weight-dropout", "0.3",
            "--variable-window",
            "--activation-regularization", "2", "--temporal-regularization", "1",
        ],
    ]

    @Test(
        "Runs on 1, 2, 3 and 8 ranks, by window and by messages, in teams, and resumed in an epoch by other ranks, end with one digest",
        arguments: CellKind.allCases.map { CellOptions.small($0.rawValue) } + settings)
    func runs(options: [String]) throws {
        let texts = try TrainingFolder(
            options: TrainingFolder.model + ["--hidden-size", "96"] + options, lines: 60, validLines: 20)
        func digest(_ run: String, _ program: RunningProgram) throws -> String {
            let ending = try program.end(timeLimit: 60)
            try #require(ending.status == 0, "\(ending)")
            return try #require(try RunLog(run: texts.path(run)).finalDigest)
        }
        let alone = try digest("run", texts.start(ranks: 1, run: "run", ["--epochs", "2"]))
        let others = [
            (2, ["--exchange", "messages"]), (3, ["--exchange", "window", "--teams", "always"]), (8, ["--exchange", "window"]),
        ]
        for (ranks, options) in others {
            let run = "run-\(ranks)"
            #expect(try digest(run, texts.start(ranks: ranks, run: run, ["--epochs", "2"] + options)) == alone, "\(run)")
        }
        let firstEpoch = ["--epochs", "1", "--checkpoint-every", "3 steps"]
        #expect(try digest("resumed", texts.start(ranks: 2, run: "resumed", firstEpoch)) != alone)
        for step in texts.checkpointSteps(run: "resumed") where step > 3 {
            try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "resumed", step: step)))
        }
        try #require(texts.checkpointSteps(run: "resumed") == [3])
        #expect(try digest("resumed", texts.startResume(ranks: 3, run: "resumed", ["--epochs", "2"])) == alone)
    }
}
