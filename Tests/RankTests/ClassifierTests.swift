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
            let fields = RunLog.fields(of: evaluated.output.components(separatedBy: ",\"macro_f1\"")[0] + "}")
            for name in ["lines", "loss", "correct", "accuracy"] {
                #expect(fields[name] != nil && end["test_" + name] == fields[name], "\(name): \(end), \(fields)")
            }
            #expect(fields["lines"] == "50")
            #expect(try #require(Double(fields["accuracy"] ?? "")) > 0.8)
            let best = expected.events.filter { $0["event"] == "validation" && $0["best"] == "true" }.last
            #expect(best?["accuracy"] == end["best_accuracy"] && end["best_accuracy"] != nil)
            #expect(try outcome(["verify", "one"]).status == 0)
        }

        @Test("An accuracy below one half has the same bits in each line of the log, in evaluate and in verify")
        func sameAccuracy() throws {
            // 10 of 53, whose share is not 1 - (1 - 10/53) in double precision: equal lines get one label.
            let label = try labelOfUntrained()
            let others = ["low", "mid", "top"].filter { $0 != label }
            let lines = (0..<53).map { "\($0 < 10 ? label : others[$0 % 2])\tw1 w1\n" }
            try texts.write("valid.txt", lines.joined())
            try texts.write("test.txt", lines.joined())
            let log = try trained(2, run: "run", Self.untrained)
            let (end, best) = (try #require(log.events.last), log.events.last { $0["best"] == "true" })
            let accuracy = try #require(end["best_accuracy"])
            #expect(try #require(Double(accuracy)) < 0.5)
            let evaluated = try outcome(["evaluate", "--json", "--checkpoint", "run", "--data", "valid.txt"])
            let verified = try outcome(["verify", "--json", "run"])
            #expect(best?["accuracy"] == accuracy && end["test_accuracy"] == accuracy, "\(log.events)")
            #expect(evaluated.output.contains("\"accuracy\":\(accuracy),"), "\(evaluated) \(accuracy)")
            #expect(verified.output.contains(accuracy), "\(verified) \(accuracy)")
        }

        private static let untrained = ["--epochs", "1", "--learning-rate", "1e-9"]

        /// The label that a model gives a line before it has learned.
        private func labelOfUntrained() throws -> String {
            try texts.write("valid.txt", "low\tw1 w1\nmid\tw2 w1\n")
            _ = try trained(1, run: "first", Self.untrained)
            try texts.write("plain.txt", "w1 w1\n")
            let given = try outcome(["classify", "--checkpoint", "first", "--data", "plain.txt"])
            return String(try #require(given.output.split(separator: "\n").last).split(separator: "\t")[1])
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

        @Test("classify gives the probability of evaluate, for lines without labels")
        func classify() throws {
            _ = try trained(1, run: "run")
            let lines = try String(decoding: texts.bytes("test.txt"), as: UTF8.self).split(separator: "\n")
            try texts.write("plain.txt", lines.map { String($0.dropFirst(4)) }.joined(separator: "\n") + "\n\n")
            let table = try outcome(["classify", "--checkpoint", "run", "--data", "plain.txt"])
            #expect(table.status == 0 && table.errors.contains("plain.txt: 1 line without text, which has no label."), "\(table)")
            let rows = table.output.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
            #expect(rows.first == ["line", "label", "probability", "unknown"] && rows.last == ["51", "", "", "0"])
            #expect(rows.count == 52 && table.errors.contains("plain.txt: 50 lines, ") && table.errors.contains("tokens, 0 OOV"))
            let correct = zip(rows.dropFirst(), lines).count { row, line in line.hasPrefix(row[1] + "\t") }
            let evaluated = try outcome(["evaluate", "--json", "--checkpoint", "run", "--data", "test.txt"])
            #expect(evaluated.output.contains("\"correct\":\(correct),"), "\(evaluated) \(correct)")
            try texts.write("one.txt", "\(rows[1][1])\t\(lines[0].dropFirst(4))\n")
            try expectLabels(evaluated, labels: zip(lines, rows.dropFirst()).map { (String($0.prefix(3)), String($1[1])) })
            let one = try outcome(["evaluate", "--json", "--checkpoint", "run", "--data", "one.txt"])
            let loss = try #require(Double(RunLog.fields(of: one.output.trimmingCharacters(in: .newlines))["loss"] ?? ""))
            let probability = try #require(Double(rows[1][2]))
            #expect(abs(probability - exp(-loss)) < 1e-15, "\(one) \(rows[1])")
            try piped()
        }

        /// `evaluate` must have the figures of each label that follow from the labels of `classify`.
        private func expectLabels(_ evaluated: ProgramRun, labels: [(right: String, given: String)]) throws {
            struct Figures: Decodable {
                struct Label: Decodable {
                    let label: String
                    let lines, predicted_lines, correct: Int
                    let precision, recall, f1: Double?
                }
                struct Pair: Decodable {
                    let label, predicted: String
                    let lines: Int
                }
                let labels: [Label]
                let confusion: [Pair]
            }
            let figures = try JSONDecoder().decode(Figures.self, from: Data(evaluated.output.utf8))
            #expect(figures.labels.map(\.label) == ["low", "mid", "top"], "\(evaluated)")
            for label in figures.labels {
                let lines = labels.count { $0.right == label.label }
                let given = labels.count { $0.given == label.label }
                let correct = labels.count { $0.right == label.label && $0.given == label.label }
                #expect((label.lines, label.predicted_lines, label.correct) == (lines, given, correct), "\(label)")
                #expect(label.precision == Double(correct) / Double(given) && label.recall == Double(correct) / Double(lines))
                #expect(label.f1 == Double(2 * correct) / Double(lines + given), "\(label)")
            }
            for pair in figures.confusion {
                #expect(pair.lines == labels.count { $0 == (pair.label, pair.predicted) }, "\(pair)")
            }
            #expect(figures.confusion.reduce(0) { $0 + $1.lines } == labels.count)
            let table = try outcome(["evaluate", "--checkpoint", "run", "--data", "test.txt"]).output.split(separator: "\n")
            #expect(table.contains { $0.wholeMatch(of: /label +precision +recall +F1 +lines/) != nil }, "\(table)")
            #expect(table.contains { $0.wholeMatch(of: /label +low +mid +top/) != nil } && table.count == 11, "\(table)")
        }

        /// The standard input, the probabilities of all labels, and JSON.
        private func piped() throws {
            func classified(_ options: String) throws -> ProgramRun {
                let program = ProgramRun.buildFolder.appending(path: "rnntrain").path
                let command = "printf 'first2 w1\\n\\nfirst0' | '\(program)' classify --checkpoint run --data - \(options)"
                return try ProgramRun.run(
                    URL(filePath: "/bin/sh"), ["-c", command], environment: [:], folder: texts.folder, timeLimit: 60)
            }
            let all = try classified("--probabilities").output.split(separator: "\n").map {
                $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            }
            #expect(all[0].dropFirst(3) == ["probability_low", "probability_mid", "probability_top", "unknown"])
            #expect(all.count == 4 && all[2] == ["2", "", "", "", "", "", "0"], "\(all)")
            #expect(all[1][1] == "top" && all[1][2] == all[1][5], "\(all)")
            #expect(abs(all[3][3..<6].reduce(0) { $0 + (Double($1) ?? 0) } - 1) < 1e-6 && all[3][1] == "low")
            let objects = try classified("--probabilities --json").output.split(separator: "\n")
            let probabilities = "{\"low\":\(all[1][3]),\"mid\":\(all[1][4]),\"top\":\(all[1][5])}"
            let first =
                "{\"line\":1,\"label\":\"top\",\"probability\":\(all[1][2]),\"probabilities\":\(probabilities),\"unknown\":0}"
            #expect(objects.map(String.init).first == first)
            #expect(objects[1] == "{\"line\":2,\"label\":null,\"probability\":null,\"probabilities\":null,\"unknown\":0}")
        }

        @Test("Labels and the word <eos> in a text to classify are refused, and unknown words are counted as by evaluate")
        func unlabelledTexts() throws {
            _ = try trained(1, run: "run", ["--epochs", "1"])
            func classified(_ text: String, _ options: [String] = []) throws -> ProgramRun {
                try texts.write("new.txt", text)
                return try outcome(["classify", "--checkpoint", "run", "--data", "new.txt"] + options)
            }
            let labelled = try classified("\nlow\tfirst0 w1\nmid\tfirst1\n")
            #expect(labelled.status == 65 && labelled.output.isEmpty, "\(labelled)")
            #expect(labelled.errors.contains("new.txt, line 2: this line, and every other one, begins with a label (low)"))
            let mixed = try classified("low\tfirst0 w1\nfirst1\n")
            #expect(
                mixed.status == 0 && mixed.errors.contains("1 line of 2 begins with a label of the model and a tab"), "\(mixed)")
            let ended = try classified("first0\nw1 <eos> w2\n")
            #expect(ended.status == 65 && ended.errors.contains("new.txt, line 2: the text has the word <eos>"), "\(ended)")
            let unknown = try classified("first0 new words\nw1\n", ["--json"])
            #expect(unknown.errors.contains("new.txt: 2 lines, 6 tokens, 2 OOV (33.3 %)"), "\(unknown)")
            #expect(unknown.errors.contains("are read as <unk>, so that the labels say little"), "\(unknown)")
            #expect(unknown.output.split(separator: "\n").map { $0.hasSuffix("\"unknown\":2}") } == [true, false], "\(unknown)")
            try texts.write("test.txt", "low\tfirst0 new words\nmid\tw1\n")
            let evaluated = try outcome(["evaluate", "--checkpoint", "run", "--data", "test.txt"])
            #expect(evaluated.output.contains("; 2 OOV (33.3 %)\n") && evaluated.errors.contains("the labels say little"))
            let object = try outcome(["evaluate", "--json", "--checkpoint", "run", "--data", "test.txt"]).output
            #expect(object.contains("\"tokens\":6,\"oovs\":2,\"oov_share\":0.3333"), "\(object)")
        }

        @Test("A window without a label has no loss; long lines and a text with a single label are reported at the start")
        func warnings() throws {
            try texts.write("valid.txt", "mid\tfirst1 w1\nmid\tfirst1\n")
            let log = try texts.start(ranks: 2, run: "short", ["--bptt", "3", "--log-every", "1", "--epochs", "1"])
            let ended = try log.end(timeLimit: 30)
            #expect(ended.status == 0 && !ended.output.contains("nan") && ended.output.contains("  loss -  gradient"), "\(ended)")
            #expect(
                ended.output.contains("% of the training lines are longer than --bptt 3: only their last windows"), "\(ended)")
            #expect(ended.errors.contains("valid.txt: all lines have the label mid, so the accuracy"), "\(ended)")
            #expect(!ended.errors.contains("test.txt"), "\(ended)")
            let steps = try RunLog(run: texts.path("short")).events.filter { $0["event"] == "step" }
            #expect(steps.contains { $0["loss"] == "null" } && steps.contains { $0["loss"] != "null" }, "\(steps)")
            let long = try texts.start(ranks: 1, run: "long", ["--bptt", "20", "--epochs", "1"]).end(timeLimit: 30)
            #expect(long.status == 0 && !long.output.contains("longer than"), "\(long)")
        }

        @Test("A test text that only the resume names has the same checks as one of the start, also in a dry run")
        func newTest() throws {
            let options = texts.arguments(run: "run", ["--test", "", "--epochs", "1"])
            let first = try outcome(options.filter { $0 != "--test" && $0 != "" })
            try #require(first.status == 0, "\(first)")
            for (name, line, says) in [
                ("blank.tsv", "low first0 w1", "the line has no tab"),
                ("ended.tsv", "low\tfirst0 <eos> w1", "the text has the word <eos>"),
            ] {
                try texts.write(name, "mid\tfirst1 w1\n\(line)\n")
                for more in [[], ["--dry-run"]] {
                    let refused = try outcome(["--run", "run", "--resume", "--epochs", "2", "--test", name] + more)
                    #expect(refused.status == 65 && refused.errors.contains("\(name), line 2: \(says)"), "\(refused)")
                }
            }
            try texts.write("single.tsv", "mid\tfirst1 w1\nmid\tfirst1\n")
            let single = try outcome(["--run", "run", "--resume", "--epochs", "2", "--test", "single.tsv"])
            #expect(single.status == 0 && single.errors.contains("single.tsv: all lines have the label mid"), "\(single)")
        }

        @Test("A model whose numbers overflow is never the best one, although some of its labels are right")
        func overflow() throws {
            let options = [
                "--cell", "elman", "--nonlinearity", "relu", "--init", "uniform", "--init-scale", "1e30", "--validate-every", "5",
                "--max-bad-steps", "100000", "--epochs", "1",
            ]
            let outcome = try texts.start(ranks: 2, run: "run", options).end(timeLimit: 30)
            #expect(outcome.status == 65 && outcome.errors.contains("the validation loss is not finite"), "\(outcome)")
            let validations = try RunLog(run: texts.path("run")).events.filter { $0["event"] == "validation" }
            #expect(validations.count > 1)
            for line in validations {
                #expect(line["best"] == "false" && line["accuracy"] == "null" && line["criterion"] == "null", "\(line)")
            }
            #expect(!FileManager.default.fileExists(atPath: texts.path("run/best.safetensors")))
        }

        @Test("Texts without labels, unknown labels, and commands that need tokens are refused")
        func refusals() throws {
            _ = try trained(1, run: "run", ["--epochs", "1"])
            for command in ["score", "generate"] {
                let data = command == "score" ? ["--data", "test.txt"] : []
                let refused = try outcome([command, "--checkpoint", "run"] + data)
                #expect(refused.status == 64 && refused.errors.contains("--task classifier"), "\(refused)")
                #expect(refused.errors.contains("Use classify, or evaluate."), "\(refused)")
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
