import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// Runs with `--batching sentences`, on lines of many lengths. Some lines are longer than a window.
    @Suite("Batches of sentences", .serialized)
    struct SentenceTests {
        private let texts: TrainingFolder
        private static let options = [
            "--batching", "sentences", "--hidden-size", "12", "--embedding-size", "8", "--batch-size", "12", "--bptt", "6",
            "--shards", "8", "--epochs", "2", "--dropout", "0.2", "--initial-state", "learned", "--learning-rate", "0.01",
        ]

        init() throws {
            texts = try TrainingFolder(options: Self.options, lines: (230, 40, 40), text: Self.lines)
        }

        /// Lines of 0 to 14 words. The words of a line are consecutive numbers.
        private static func lines(_ count: Int, seed: UInt64) -> String {
            var random = SeededRandom(state: seed)
            return (0..<count).map { _ in
                let first = Int.random(in: 0..<20, using: &random)
                return (0..<Int.random(in: 0..<15, using: &random)).map { "w\((first + $0) % 20)" }.joined(separator: " ") + "\n"
            }.joined()
        }

        private func trained(_ ranks: Int, run: String, _ options: [String] = []) throws -> RunLog {
            try finished(try texts.start(ranks: ranks, run: run, options), in: texts, run: run)
        }

        private func output(_ arguments: [String]) throws -> String {
            let outcome = try ProgramRun.alone("rnntrain", arguments, folder: texts.folder)
            try #require(outcome.status == 0, "\(outcome)")
            return outcome.output
        }

        @Test("The bits are independent of the rank count and the transport, and the test score equals that of evaluate")
        func sameBits() throws {
            let expected = try trained(1, run: "one")
            expectSame(try trained(3, run: "three"), expected, "3 ranks")
            expectSame(try trained(8, run: "eight", ["--exchange", "messages"]), expected, "8 ranks with messages")
            let end = try #require(expected.events.last)
            let evaluated = RunLog.fields(
                of: try output(["evaluate", "--json", "--checkpoint", "one", "--data", "test.txt"]).trimmingCharacters(
                    in: .newlines))
            #expect(end["test_tokens"] == evaluated["tokens"] && end["test_loss"] == evaluated["loss"], "\(end), \(evaluated)")
            #expect(try RunLog(run: texts.path("eight")).events.last?["test_loss"] == evaluated["loss"])
        }

        @Test("A run that is resumed in the middle of an epoch ends with the same bits")
        func resumed() throws {
            let checkpoints = ["--checkpoint-every", "5", "--keep", "100"]
            let expected = try trained(2, run: "whole", checkpoints)
            let steps = texts.checkpointSteps(run: "whole")
            let middle = try #require(steps.dropLast().last { $0 % 5 == 0 && $0 > steps.count * 5 / 2 })
            for step in steps where step > middle {
                try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "whole", step: step)))
            }
            let resumed = try finished(try texts.startResume(ranks: 3, run: "whole"), in: texts, run: "whole")
            #expect(resumed.finalDigest == expected.finalDigest && resumed.events.contains { $0["event"] == "resume" })
        }

        @Test("The score of a line depends neither on the order of the lines nor on other lines")
        func shuffledLines() throws {
            _ = try trained(2, run: "run", ["--epochs", "1"])
            let lines = Self.lines(40, seed: 3).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            try texts.write("turned.txt", lines.reversed().map { $0 + "\n" }.joined())
            func scores(_ text: String) throws -> [String] {
                try output(["score", "--checkpoint", "run", "--data", text, "--format", "json"]).split(separator: "\n").dropLast()
                    .map { String($0.drop { $0 != "," }) }
            }
            let scored = try scores("test.txt")
            #expect(scored.count == 40)
            #expect(try scores("turned.txt") == scored.reversed())
            func loss(_ text: String) throws -> Double {
                let fields = RunLog.fields(
                    of: try output(["evaluate", "--json", "--checkpoint", "run", "--data", text]).trimmingCharacters(
                        in: .newlines))
                return try #require(Double(fields["loss"] ?? ""))
            }
            // The sum is in the order of the text.
            #expect(abs(try loss("test.txt") - loss("turned.txt")) < 1e-12)
            let carried = try ProgramRun.alone(
                "rnntrain", ["score", "--checkpoint", "run", "--data", "test.txt", "--carry-state"], folder: texts.folder)
            #expect(carried.status == 64 && carried.errors.contains("--batching sentences"), "\(carried)")
        }

        @Test("generate --samples writes lines, each from the initial state; without it a model of sentences writes one")
        func samples() throws {
            _ = try trained(1, run: "run", ["--epochs", "1"])
            let many = try output(["generate", "--checkpoint", "run", "--samples", "20"])
            let lines = many.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            #expect(many.hasSuffix("\n") && lines.count == 20 && Set(lines).count > 5)
            #expect(try output(["generate", "--checkpoint", "run"]) == lines[0] + "\n")
            let continued = try output(["generate", "--checkpoint", "run", "--samples", "3", "--prompt", "w1 w2"])
            #expect(continued.split(separator: "\n").allSatisfy { $0.hasPrefix("w1 w2") })
            let ended = try output(["generate", "--checkpoint", "run", "--samples", "3", "--prompt", "w1 w2\n"])
            #expect(ended == continued)
            for prompt in ["w1\nw2", "w1 <eos> w2"] {
                let refused = try ProgramRun.alone(
                    "rnntrain", ["generate", "--checkpoint", "run", "--samples", "3", "--prompt", prompt], folder: texts.folder)
                #expect(refused.status == 64 && refused.output.isEmpty, "\(refused)")
                #expect(refused.errors.contains("the prompt has 1 line end before its end"), "\(refused)")
            }
        }

        @Test("A word <eos> in a line ends the sequence, in evaluate and in score")
        func lineEndInLine() throws {
            _ = try trained(1, run: "run", ["--epochs", "1"])
            try texts.write("words.txt", "w1 <eos> w2 w3\n<eos>\nw4 <eos> <eos>\n")
            try texts.write("lines.txt", "w1\nw2 w3\n\n\nw4\n\n\n")
            func losses(_ text: String) throws -> [Substring] {
                try output(["score", "--checkpoint", "run", "--data", text]).split(separator: "\n").dropFirst().map {
                    $0.split(separator: "\t")[3]
                }
            }
            #expect(try losses("words.txt") == losses("lines.txt"))
            func loss(_ text: String) throws -> String? {
                RunLog.fields(of: try output(["evaluate", "--json", "--checkpoint", "run", "--data", text]))["loss"]
            }
            #expect(try loss("words.txt") == loss("lines.txt"))
        }
    }
}
