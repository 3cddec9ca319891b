import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("whose parameters are averaged", .serialized)
    struct AveragingRunTests {
        private static let options = [
            "--layers", "1", "--embedding-size", "12", "--hidden-size", "20", "--batch-size", "16", "--bptt", "8", "--shards",
            "8",
            "--learning-rate", "0.5", "--checkpoint-every", "5 steps", "--keep", "100", "--validate-every", "5",
        ]

        private func loss(_ texts: TrainingFolder, _ checkpoint: String, on text: String) throws -> String {
            let run = try ProgramRun.alone(
                "rnntrain", ["evaluate", "--json", "--checkpoint", texts.path(checkpoint), "--data", texts.path(text)],
                folder: texts.folder)
            try #require(run.status == 0, "\(run)")
            return try #require(RunLog.fields(of: run.output.trimmingCharacters(in: .newlines))["loss"])
        }

        private static let rules = [
            ["--optimizer", "asgd"], ["--optimizer", "nt-asgd", "--nt-asgd-interval", "1", "--learning-rate", "10"],
            ["--optimizer", "asgd", "--freeze-embeddings"],
        ]

        @Test(
            "Validation, best model, test and evaluate use the average; a resume continues it to the same bits", arguments: rules)
        func average(rule: [String]) throws {
            let texts = try TrainingFolder(options: Self.options + rule, lines: 60, validLines: 20)
            let log = try finished(try texts.start(ranks: 1, run: "one", ["--epochs", "4"]), in: texts, run: "one")
            let end = try #require(log.events.last)
            let best = try #require(end["best_step"].flatMap { Int($0) })
            #expect(try loss(texts, "one/best.safetensors", on: "test.txt") == end["test_loss"])
            #expect(try loss(texts, texts.checkpoint(run: "one", step: best), on: "test.txt") == end["test_loss"])
            let checkpoints = log.events.filter { $0["event"] == "checkpoint" }
            let averaged = log.events.filter { event in
                event["event"] == "validation"
                    && checkpoints.contains {
                        $0["step"] == event["step"] && $0["parameters_digest"] != event["parameters_digest"]
                    }
            }
            #expect(!averaged.isEmpty, "no validation has other parameters than the checkpoint of its step")
            let verified = try ProgramRun.alone("rnntrain", ["verify", texts.path("one")], folder: texts.folder)
            #expect(verified.status == 0, "\(verified)")
            _ = try finished(
                try texts.start(ranks: 3, run: "two", ["--epochs", "1", "--exchange", "messages"]), in: texts, run: "two")
            let resumed = try finished(
                try texts.startResume(ranks: 2, run: "two", ["--epochs", "4"]), in: texts, run: "two")
            #expect(resumed.digests["end \(end["step"] ?? "")"] == log.digests["end \(end["step"] ?? "")"])
            #expect(resumed.trace["validation \(best)"] == log.trace["validation \(best)"])
        }

        /// A rank that has the digest of a validation must not exchange the average again while another one still reads it. The matrices are large
        /// enough for a digest to take time, and the rate is so large that no validation is an improvement, for which the ranks would wait.
        @Test("The digest of each validation is the same on one and on four ranks, also if it is no improvement")
        func digests() throws {
            let options = [
                "--cell", "elman", "--layers", "1", "--hidden-size", "600", "--embedding-size", "64", "--batch-size", "4",
                "--shards", "4", "--bptt", "8", "--optimizer", "asgd", "--learning-rate", "30", "--asgd-start", "3",
                "--validate-every", "1", "--epochs", "4",
            ]
            let texts = try TrainingFolder(options: options, lines: 50, validLines: 10)
            let one = try finished(try texts.start(ranks: 1, run: "one"), in: texts, run: "one")
            let four = try finished(try texts.start(ranks: 4, run: "four"), in: texts, run: "four")
            #expect(one.digests.count > 40 && four.digests == one.digests)
        }
    }
}
