import Kinds
import Optimizers
import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("with every optimizer", .serialized)
    struct EveryOptimizerTests {
        /// With momentum, if the optimizer has it.
        private static func options(_ optimizer: OptimizerKind) -> [String] {
            let hasMomentum = UpdateRules.readers(of: RuleSettings.momentum.key).contains(optimizer.rawValue)
            return ["--optimizer", optimizer.rawValue] + (hasMomentum ? ["--momentum", "0.5"] : [])
        }

        @Test(
            "ends with one digest: on one rank, on three, and resumed on three in the middle of a run on two",
            arguments: OptimizerKind.allCases)
        func digests(optimizer: OptimizerKind) throws {
            let texts = try TrainingFolder(
                options: [
                    "--layers", "1", "--embedding-size", "12", "--hidden-size", "20", "--batch-size", "16", "--bptt", "8",
                    "--shards", "8", "--init", "uniform",
                ], lines: 60, validLines: 20)
            let options = Self.options(optimizer)
            for (ranks, epochs, run) in [(1, 2, "one"), (3, 2, "three"), (2, 1, "two")] {
                let ending = try texts.start(ranks: ranks, run: run, options + ["--epochs", "\(epochs)"]).end(timeLimit: 60)
                try #require(ending.status == 0, "\(ending)")
            }
            let resumed = try texts.startResume(ranks: 3, run: "two", ["--epochs", "2"]).end(timeLimit: 60)
            try #require(resumed.status == 0, "\(resumed)")
            let digests = try ["one", "three", "two"].map { try #require(try RunLog(run: texts.path($0)).finalDigest) }
            #expect(Set(digests).count == 1, "\(digests)")
        }
    }
}
