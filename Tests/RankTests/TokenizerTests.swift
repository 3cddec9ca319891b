import Foundation
import TestSupport
import TextData
import Testing

extension TrainingOverRanks {
    /// Runs on pieces and on matches of a regular expression.
    @Suite("Tokens with a definition", .serialized)
    struct TokenizerTests {
        private static let options = [
            "--hidden-size", "12", "--embedding-size", "8", "--batch-size", "8", "--bptt", "8", "--shards", "8", "--epochs", "1",
            "--checkpoint-every", "5 steps", "--keep", "100",
        ]
        private static let pieces = options + ["--tokens", "sentencepiece", "--vocabulary-size", "80"]

        private func run(_ texts: TrainingFolder, ranks: Int, _ options: [String]) throws -> RunLog {
            try finished(try texts.start(ranks: ranks, run: "run-\(ranks)", options), in: texts, run: "run-\(ranks)")
        }

        private func output(_ arguments: [String], _ folder: URL) throws -> String {
            let outcome = try ProgramRun.alone("rnntrain", arguments, folder: folder)
            try #require(outcome.status == 0, "\(outcome)")
            return outcome.output
        }

        @Test(
            "A run trains its model of pieces, with the same bits at any rank count, and resumes and evaluates from a checkpoint alone",
            .enabled(if: SentencePieceLibrary.isInstalled))
        func trainedPieces() throws {
            let texts = try TrainingFolder(options: Self.pieces, lines: 60, validLines: 20)
            let one = try run(texts, ranks: 1, [])
            expectSame(try run(texts, ranks: 2, []), one, "2 ranks")
            expectSame(try run(texts, ranks: 8, ["--exchange", "messages"]), one, "8 ranks with messages")
            let whole = try finished(try texts.start(ranks: 8, run: "whole"), in: texts, run: "whole")
            let steps = texts.checkpointSteps(run: "whole")
            for step in steps.dropFirst() {
                try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "whole", step: step)))
            }
            for name in ["sentencepiece.model", "vocabulary.json", "data/train.tokens"] {
                try FileManager.default.removeItem(atPath: texts.path("whole/" + name))
            }
            let resumed = try finished(try texts.startResume(ranks: 2, run: "whole"), in: texts, run: "whole")
            #expect(
                resumed.contradictions.isEmpty && resumed.finalDigest == whole.finalDigest && whole.finalDigest == one.finalDigest
            )
            #expect(try texts.bytes("whole/sentencepiece.model") == texts.bytes("run-1/sentencepiece.model"))
            var model = try texts.bytes("whole/sentencepiece.model")
            model[40] ^= 1
            try texts.write("whole/sentencepiece.model", model)
            let damaged = try ProgramRun.alone("rnntrain", ["verify", "whole"], folder: texts.folder)
            #expect(damaged.status == 65 && damaged.output.contains("sentencepiece.model: it differs"), "\(damaged)")
            try FileManager.default.moveItem(atPath: texts.path("whole/best.safetensors"), toPath: texts.path("alone"))
            try FileManager.default.removeItem(atPath: texts.path("whole"))
            let evaluated = RunLog.fields(
                of: try output(["evaluate", "--json", "--checkpoint", "alone", "--data", "test.txt"], texts.folder)
                    .trimmingCharacters(in: .newlines))
            #expect(evaluated["loss"] == one.events.last?["test_loss"] && evaluated["words"] == "200")
            let text = try output(["generate", "--checkpoint", "alone", "--length", "60", "--seed", "3"], texts.folder)
            #expect(
                String(validating: text.utf8, as: UTF8.self) != nil && !text.contains("\u{2581}") && text.contains(" "), "\(text)"
            )
        }

        @Test(
            "A model that is given is used, and named if it is missing or damaged", .enabled(if: SentencePieceLibrary.isInstalled)
        )
        func givenModel() throws {
            let texts = try TrainingFolder(options: Self.pieces, lines: 40, validLines: 20)
            let first = try finished(try texts.start(ranks: 1, run: "first"), in: texts, run: "first")
            let given = texts.arguments(run: "second").filter { !["--vocabulary-size", "80"].contains($0) }
            let second = try ProgramRun.alone(
                "rnntrain", given + ["--sentencepiece-model", "first/sentencepiece.model"], folder: texts.folder)
            #expect(second.status == 0, "\(second)")
            #expect(try RunLog(run: texts.path("second")).finalDigest == first.finalDigest)
            try texts.write("bad.model", "no model")
            for (name, status) in [("bad.model", 65), ("none.model", 66)] {
                let failed = try ProgramRun.alone(
                    "rnntrain", given + ["--run", "third", "--sentencepiece-model", name], folder: texts.folder)
                #expect(failed.status == status && failed.errors.contains(name), "\(failed)")
            }
        }

        @Test(
            "Another SentencePiece model is refused if a run starts again beside its best model",
            .enabled(if: SentencePieceLibrary.isInstalled)
        )
        func changedAtRestart() throws {
            let texts = try TrainingFolder(options: Self.pieces, lines: 40, validLines: 20)
            _ = try finished(try texts.start(ranks: 1, run: "first"), in: texts, run: "first")
            _ = try finished(try texts.start(ranks: 1, run: "other", ["--vocabulary-size", "40"]), in: texts, run: "other")
            try texts.write("given.model", try texts.bytes("first/sentencepiece.model"))
            let given = texts.arguments(run: "run").filter { !["--vocabulary-size", "80"].contains($0) }
            let run = try ProgramRun.alone(
                "rnntrain", given + ["--sentencepiece-model", texts.path("given.model")], folder: texts.folder)
            try #require(run.status == 0, "\(run)")
            let best = try texts.bytes("run/best.safetensors")
            try FileManager.default.removeItem(atPath: texts.path("run/checkpoints"))
            let other = try texts.bytes("other/sentencepiece.model")
            try #require(try texts.bytes("given.model") != other)
            try texts.write("given.model", other)
            let refused = try texts.startResume(ranks: 1, run: "run").end(timeLimit: 30)
            #expect(refused.status == 65 && refused.errors.contains("another text for --sentencepiece-model"), "\(refused)")
            #expect(try texts.bytes("run/best.safetensors") == best)
            // The log alone also shows which model it was.
            try FileManager.default.removeItem(atPath: texts.path("run/best.safetensors"))
            let again = try texts.startResume(ranks: 1, run: "run").end(timeLimit: 30)
            #expect(again.status == 65 && again.errors.contains("another text for --sentencepiece-model"), "\(again)")
        }

        @Test(
            "Another model of pieces than the one that a run trained is refused if the run starts again from its log",
            .enabled(if: SentencePieceLibrary.isInstalled))
        func otherModelAtRestart() throws {
            let texts = try TrainingFolder(options: Self.pieces, lines: 40, validLines: 20)
            _ = try finished(try texts.start(ranks: 1, run: "run"), in: texts, run: "run")
            for name in ["checkpoints", "best.safetensors"] {
                try FileManager.default.removeItem(atPath: texts.path("run/" + name))
            }
            let model = try texts.bytes("run/sentencepiece.model")
            let log = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self)
            let changed = log.replacing(/,"checksum":"[0-9a-f]{16}"/, with: "")
                .replacing(/"vocabulary_digest":"[0-9a-f]{16}"/, with: "\"vocabulary_digest\":\"0123456789abcdef\"")
            try texts.write("run/metrics.jsonl", changed)
            let refused = try texts.startResume(ranks: 1, run: "run").end(timeLimit: 30)
            #expect(
                refused.status == 65 && refused.errors.contains("version of the SentencePiece library trains another model")
                    && refused.errors.contains("--sentencepiece-model \(texts.path("run/sentencepiece.model"))"), "\(refused)")
            #expect(try texts.bytes("run/sentencepiece.model") == model)
        }

        @Test(
            "A failed check of the library ends a job with an error line and a status of the program",
            .enabled(if: SentencePieceLibrary.isInstalled), arguments: [1, 2])
        func failedCheck(ranks: Int) throws {
            let texts = try TrainingFolder(options: Self.pieces, lines: 40, validLines: 20)
            // A library whose training ends the process, as failed checks of SentencePiece do.
            let train =
                "_ZN13sentencepiece20SentencePieceTrainer5TrainESt17basic_string_viewIcSt11char_traitsIcEE"
                + "PNS_16SentenceIteratorEPNSt7__cxx1112basic_stringIcS3_SaIcEEE"
            try texts.write("train.c", "#include <stdlib.h>\nvoid \(train)(void) { exit(-1); }\n")
            let compiler = ["clang", "-shared", "-fPIC", "-o", "libsentencepiece_train.so.0", "train.c"]
            let built = try ProgramRun.run(
                URL(fileURLWithPath: "/usr/bin/env"), compiler, environment: [:], folder: texts.folder, timeLimit: 60)
            try #require(built.status == 0, "\(built)")
            let path = [texts.folder.path, ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]].compactMap { $0 }
            let failed = try texts.start(
                ranks: ranks, run: "run", environment: ["LD_LIBRARY_PATH": path.joined(separator: ":")]
            ).end(timeLimit: 30)
            let line = "rnntrain: error: SentencePiece's training on \(texts.path("train.txt")) failed: a check of the library"
            #expect(failed.status == 65 && failed.errors.contains(line), "\(failed)")
        }

        @Test("Matches of a regular expression give the same bits at any rank count, and an error of any rank has its place")
        func matches() throws {
            let molecules = ["CC(=O)Oc1ccccc1", "C[NH4+]Cl", "BrCC%12C%12"]
            let texts = try TrainingFolder(
                options: Self.options + ["--tokens", "regex", "--token-pattern", #"\[[^\]]*\]|%\d{2}|Br|Cl|[A-Za-z0-9()=]"#],
                lines: (80, 20, 20)
            ) { lines, seed in (0..<lines).map { molecules[($0 + Int(seed)) % 3] + "\n" }.joined() }
            let one = try run(texts, ranks: 1, [])
            expectSame(try run(texts, ranks: 3, []), one, "3 ranks")
            let text = try texts.bytes("test.txt")
            try texts.write("test.txt", text + Data("C@\n".utf8))
            let failed = try texts.start(ranks: 3, run: "failed").end(timeLimit: 60)
            #expect(
                failed.status == 65
                    && failed.errors.contains("begins at byte \(text.count + 1), with the character \"@\" (U+0040)."),
                "\(failed)")
        }
    }
}
