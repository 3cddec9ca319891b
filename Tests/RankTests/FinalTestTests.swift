import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// Compares the test at the end of a run with `evaluate`.
    @Suite("The test at the end of a run", .serialized)
    struct FinalTestTests {
        private let texts: TrainingFolder
        private static let small = ["--hidden-size", "8", "--embedding-size", "8", "--bptt", "8", "--epochs", "1"]

        init() throws { texts = try TrainingFolder(options: Self.small, lines: 100, validLines: 40) }

        /// A figure in the output of `evaluate --json`, as literal text.
        private func evaluated(_ run: String, _ text: String) throws -> [String: String] {
            let outcome = try ProgramRun.alone(
                "rnntrain", ["evaluate", "--json", "--checkpoint", run + "/best.safetensors", "--data", text],
                folder: texts.folder)
            try #require(outcome.status == 0, "\(outcome)")
            return RunLog.fields(of: outcome.output.trimmingCharacters(in: .newlines))
        }

        private func trained(ranks: Int, batch: Int, _ options: [String] = []) throws -> RunLog {
            let run = "run-\(ranks)-\(batch)"
            return try finished(
                try texts.start(ranks: ranks, run: run, ["--batch-size", "\(batch)"] + options), in: texts, run: run)
        }

        @Test(
            "The test loss equals that of evaluate to the bit, at any number of ranks and any batch size",
            arguments: [
                (1, 1, "fp32"), (1, 32, "fp32"), (2, 4, "fp32"), (3, 32, "fp32"), (1, 1, "bf16"), (3, 4, "bf16"),
                (2, 100, "fp32"), (8, 100, "fp32"),
            ])
        func equal(ranks: Int, batch: Int, precision: String) throws {
            try texts.write("test.txt", try texts.bytes("test.txt") + Data("the w1 foo w2\n".utf8))
            let log = try trained(ranks: ranks, batch: batch, ["--precision", precision])
            let run = "run-\(ranks)-\(batch)"
            let expected = try evaluated(run, "test.txt")
            let end = try #require(log.events.last)
            #expect(end["test_of"] == "best" && end["test_tokens"] == expected["tokens"])
            #expect(
                end["test_loss"] == expected["loss"] && end["test_perplexity"] == expected["perplexity"], "\(end), \(expected)")
            #expect(end["test_oovs"] == "1" && expected["oovs"] == "1")
            #expect(end["test_perplexity_excluding_oovs"] == expected["perplexity_excluding_oovs"])
            for name in ["words", "word_perplexity", "bytes", "byte_perplexity"] {
                #expect(expected[name] != nil && end["test_" + name] == expected[name], "\(name)")
            }
            let validation = try #require(log.events.first { $0["event"] == "validation" })
            #expect(validation["streams"] == "\(batch)")
            guard batch == 1 else { return }
            // Both use one stream; only the order of a sum differs.
            let streams = try #require(Double(validation["loss"] ?? ""))
            let whole = try #require(Double(try evaluated(run, "valid.txt")["loss"] ?? ""))
            #expect(abs(streams - whole) < 1e-12)
        }

        @Test("A signal during the test ends the job with status 75, and --resume repeats the test")
        func preempted() throws {
            let words = String(decoding: try texts.bytes("train.txt"), as: UTF8.self)
            try texts.write("test.txt", String(repeating: words, count: 150))
            let options = ["--batch-size", "4", "--hidden-size", "64"]
            let program = try texts.start(ranks: 2, run: "stopped", options)
            let isTesting = waitFor(40) { log("stopped").contains("\"event\":\"checkpoint\"") }
            try #require(isTesting)
            usleep(100_000)
            program.send(SIGUSR1)
            let outcome = try program.end(timeLimit: 20)
            #expect(outcome.status == 75 && outcome.output.contains("--resume"), "\(outcome)")
            let end = try #require(try RunLog(run: texts.path("stopped")).events.last)
            #expect(end["event"] == "end" && end["reason"] == "preempted" && end["test_loss"] == nil, "\(end)")
            let again = try finished(try texts.startResume(ranks: 1, run: "stopped"), in: texts, run: "stopped")
            #expect(again.events.last?["test_tokens"] == "149999" && again.events.last?["reason"] == "epochs")
        }

        private func log(_ run: String) -> String {
            String(decoding: FileManager.default.contents(atPath: texts.path(run + "/metrics.jsonl")) ?? Data(), as: UTF8.self)
        }

        @Test("The start reports the unknown words of each text, and warns of a text with many of them")
        func unknownWords() throws {
            try texts.write("valid.txt", "foo bar baz\nthe qux quux\n")
            let outcome = try texts.start(ranks: 2, run: "unknown", ["--batch-size", "2"]).end(timeLimit: 30)
            #expect(
                outcome.status == 0 && outcome.output.contains("valid 8 (5 OOV, 62.5 %), test 200 (0 OOV, 0 %)"), "\(outcome)")
            #expect(outcome.output.contains("the loss is measured over 2 streams"), "\(outcome)")
            #expect(
                outcome.errors.contains("rnntrain: warning: no token of the training text is outside the vocabulary")
                    && outcome.errors.contains("(valid 5)"),
                "\(outcome)")
            #expect(outcome.errors.contains("--minimum-count 2") && !outcome.errors.contains("--vocabulary-size"), "\(outcome)")
            let start = try #require(try RunLog(run: texts.path("unknown")).events.first)
            let given = try texts.start(ranks: 1, run: "given", ["--batch-size", "2", "--minimum-count", "2"]).end(timeLimit: 30)
            #expect(given.errors.contains("Use a higher --minimum-count, or report the perplexity without OOVs."), "\(given)")
            #expect(!given.errors.contains("--minimum-count 2"), "\(given)")
            let scored = try ProgramRun.alone(
                "rnntrain", ["evaluate", "--checkpoint", "given/best.safetensors", "--data", "valid.txt"], folder: texts.folder)
            #expect(scored.errors.contains("Exclude them, or train with a higher --minimum-count."), "\(scored)")
            #expect(start["train_oovs"] == "0" && start["valid_oovs"] == "5" && start["test_oovs"] == "0", "\(start)")
        }
    }
}
