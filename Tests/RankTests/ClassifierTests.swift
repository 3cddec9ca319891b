import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// Runs with `--task classifier`, on lines whose label is in their first word.
    @Suite("A classifier of lines", .serialized)
    struct ClassifierTests {
        private let texts: TrainingFolder
        private static let options = [
            "--task", "classifier", "--hidden-size", "12", "--embedding-size", "8", "--layers", "1", "--batch-size", "8",
            "--bptt", "6", "--epochs", "4", "--dropout", "0.1", "--learning-rate", "0.02",
        ]

        init() throws {
            texts = try TrainingFolder(options: Self.options, lines: (200, 50, 50), text: Self.lines)
        }

        /// Lines of 1 to 10 words; some are longer than a window.
        private static func lines(_ count: Int, seed: UInt64) -> String {
            var random = SeededRandom(state: seed)
            return (0..<count).map { _ in
                let label = Int.random(in: 0..<3, using: &random)
                let words = (0..<Int.random(in: 1..<11, using: &random)).map { place in
                    place == 0 ? "first\(label)" : "w\(Int.random(in: 0..<5, using: &random))"
                }
                return "\(["low", "mid", "top"][label])\t\(words.joined(separator: " "))\n"
            }.joined()
        }

        private func trained(_ ranks: Int, run: String, _ options: [String] = []) throws -> RunLog {
            try finished(try texts.start(ranks: ranks, run: run, options), in: texts, run: run)
        }

        private func outcome(_ arguments: [String]) throws -> ProgramRun {
            try ProgramRun.alone("rnntrain", arguments, folder: texts.folder)
        }

        @Test("It learns, with the same bits at any rank count, and evaluate gives the accuracy of the test")
        func sameBits() throws {
            let expected = try trained(1, run: "one")
            expectSame(try trained(4, run: "four"), expected, "4 ranks")
            expectSame(try trained(3, run: "three", ["--exchange", "messages"]), expected, "3 ranks with messages")
            let end = try #require(expected.events.last)
            let evaluated = try outcome(["evaluate", "--json", "--checkpoint", "one", "--data", "test.txt"])
            let fields = RunLog.fields(of: evaluated.output.trimmingCharacters(in: .newlines))
            for name in ["lines", "loss", "correct", "accuracy"] {
                #expect(fields[name] != nil && end["test_" + name] == fields[name], "\(name): \(end), \(fields)")
            }
            #expect(fields["lines"] == "50")
            #expect(try #require(Double(fields["accuracy"] ?? "")) > 0.8)
            let best = expected.events.filter { $0["event"] == "validation" && $0["best"] == "true" }.last
            #expect(best?["accuracy"] == end["best_accuracy"] && end["best_accuracy"] != nil)
            #expect(try outcome(["verify", "one"]).status == 0)
        }

        @Test("A run that is resumed in the middle of an epoch ends with the same bits")
        func resumed() throws {
            let expected = try trained(2, run: "whole", ["--checkpoint-every", "4", "--keep", "100"])
            let steps = texts.checkpointSteps(run: "whole")
            let middle = try #require(steps.last { $0 % 4 == 0 && $0 < (steps.last ?? 0) / 2 })
            for step in steps where step > middle {
                try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "whole", step: step)))
            }
            let resumed = try finished(try texts.startResume(ranks: 3, run: "whole"), in: texts, run: "whole")
            #expect(resumed.finalDigest == expected.finalDigest && resumed.events.contains { $0["event"] == "resume" })
        }

        @Test("Characters are classified, too; early stopping follows the accuracy")
        func characters() throws {
            let log = try trained(2, run: "chars", ["--tokens", "char", "--bptt", "60", "--patience", "1", "--epsilon", "0.9"])
            #expect(log.events.last?["reason"] == "converged")
            let evaluated = try outcome(["evaluate", "--checkpoint", "chars", "--data", "test.txt"])
            #expect(evaluated.output.hasPrefix("50 lines, loss ") && evaluated.output.contains(" accuracy "), "\(evaluated)")
        }

        @Test("Texts without labels, unknown labels, and commands that need tokens are refused")
        func refusals() throws {
            _ = try trained(1, run: "run", ["--epochs", "1"])
            for command in ["score", "generate"] {
                let data = command == "score" ? ["--data", "test.txt"] : []
                let refused = try outcome([command, "--checkpoint", "run"] + data)
                #expect(refused.status == 64 && refused.errors.contains("--task classifier"), "\(refused)")
            }
            try texts.write("other.tsv", "low\tfirst0\nhigh\tfirst1\n")
            let unknown = try outcome(["evaluate", "--checkpoint", "run", "--data", "other.tsv"])
            #expect(unknown.status == 65 && unknown.errors.contains("other.tsv, line 2: the label high"), "\(unknown)")
            try texts.write("train.txt", "no label here\n")
            let plain = try texts.start(ranks: 2, run: "plain").end(timeLimit: 30)
            #expect(plain.status == 65 && plain.errors.contains("train.txt, line 1: the line has no tab"), "\(plain)")
            #expect(!FileManager.default.fileExists(atPath: texts.path("plain")))
        }
    }
}
