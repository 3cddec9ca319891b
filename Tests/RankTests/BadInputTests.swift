import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("Bad input ends a job with one message, the right status and no rank left", .serialized)
    struct BadInputTests {
        private let texts: TrainingFolder

        init() throws { texts = try TrainingFolder(lines: 100) }

        private func expectFault(
            ranks: Int = 2, _ options: [String] = [], status: Int32, says parts: String...,
            location: SourceLocation = #_sourceLocation
        ) throws {
            let program = try texts.start(ranks: ranks, run: "run", options)
            let outcome = try texts.expectRefusal(program, run: "run", status: status, says: parts, location: location)
            #expect(outcome.output == "", "\(outcome)", sourceLocation: location)
        }

        @Test("A missing text, an empty one and one shorter than a window are errors")
        func shortFiles() throws {
            try texts.write("empty.txt", "")
            try texts.write("short.txt", "a b c\n")
            try expectFault(
                ["--train", "gone.txt"], status: 66, says: "gone.txt: no such file. Check the path", "--train")
            try expectFault(["--train", "empty.txt"], status: 65, says: "empty.txt is empty. Name a file that is not empty.")
            try expectFault(["--valid", "empty.txt"], status: 65, says: "empty.txt is empty.")
            try expectFault(
                ["--train", "short.txt"], status: 65,
                says: "short.txt: the text has 4 tokens, but one window of 16 streams and 8 steps needs 114.",
                "lower --batch-size or --bptt")
        }

        @Test("Invalid UTF-8 is an error with the offset of the byte")
        func invalidText() throws {
            var bytes = try texts.bytes("train.txt")
            bytes[1234] = 0xff
            try texts.write("bad.txt", bytes)
            try expectFault(
                ["--train", "bad.txt"], status: 65, says: "bad.txt: invalid UTF-8 at byte 1234: ", "Convert the text",
                "--tokens byte")
            try expectFault(
                ["--valid", "bad.txt", "--tokens", "char"], status: 65, says: "bad.txt: invalid UTF-8 at byte 1234: ")
        }

        @Test("A vocabulary of one symbol is an error")
        func oneSymbol() throws {
            try texts.write("one.txt", String(repeating: "a a a a\n", count: 100))
            try expectFault(
                ["--train", "one.txt"], status: 65,
                says: "one.txt: the vocabulary (--tokens word) would have 1 symbol besides <eos> and <unk>, but")
            try texts.write("one.txt", String(repeating: "a", count: 1000))
            try expectFault(
                ["--train", "one.txt", "--tokens", "char"], status: 65,
                says: "one.txt: the vocabulary (--tokens char) would have 1 symbol besides <eos> and <unk>, but",
                "lower --minimum-count")
            try expectFault(
                ["--minimum-count", "1000000"], status: 65,
                says: "train.txt: the vocabulary (--tokens word) would have 0 symbols besides <eos> and <unk>, but")
        }

        @Test("More ranks than shards, and more shards than streams, are errors")
        func shards() throws {
            try expectFault(
                ranks: 3, ["--shards", "2"], status: 64, says: "3 ranks cannot share 2 shards. Start 2 ranks or fewer",
                "--shards 3")
            try expectFault(["--shards", "17"], status: 64, says: "--shards is 17, but --batch-size is 16")
            #expect(!FileManager.default.fileExists(atPath: texts.path("run")))
        }

        @Test("A run folder that cannot be created, or that contains a run, is an error")
        func folders() throws {
            try texts.write("file", "no folder")
            try texts.expectRefusal(
                try texts.start(ranks: 2, run: "file/run"), run: "file/run", status: 74,
                says: ["file/run", "Check the path"])
            try finished(try texts.start(ranks: 2, run: "run", ["--epochs", "1"]), in: texts, run: "run")
            let before = try texts.bytes("run/metrics.jsonl")
            try expectFault(
                status: 64,
                says:
                    "\(texts.path("run")) already contains a run (\(texts.path("run"))/config.toml). Resume it with --resume, or choose another folder"
            )
            #expect(try texts.bytes("run/metrics.jsonl") == before)
        }

        @Test("A second job in a run folder is refused, and the first job continues")
        func folderInUse() throws {
            let long = try texts.start(ranks: 2, run: "run", ["--epochs", "100000"])
            #expect(waitFor(20) { !texts.checkpointSteps(run: "run").isEmpty })
            let holder = try #require(
                String(decoding: try texts.bytes("run/lock"), as: UTF8.self).split(separator: "\n").dropFirst().first)
            let second = try texts.startResume(ranks: 2, run: "run").end(timeLimit: 30)
            #expect(second.status == 64, "\(second)")
            let words = "rnntrain: error: \(texts.path("run")) is in use by \(holder) on "
            #expect(second.errors.components(separatedBy: words).count == 2, "\(second)")
            #expect(long.isRunning)
            long.send(SIGUSR1)
            #expect(try long.end(timeLimit: 20).status == 75)
            #expect(texts.hasNoRank(run: "run"))
        }

        /// Options that let the parameters grow without bound.
        private static let unbounded = ["--cell", "elman", "--nonlinearity", "relu", "--optimizer", "sgd", "--clip", "0"]

        @Test("Ten successive updates that are not finite end the job, and the last valid checkpoint can be resumed")
        func divergence() throws {
            let options = Self.unbounded + ["--learning-rate", "0.1", "--epochs", "3"]
            let whole = try finished(try texts.start(ranks: 2, run: "whole", options), in: texts, run: "whole")
            try finished(try texts.start(ranks: 2, run: "run", options + ["--epochs", "1"]), in: texts, run: "run")
            let good = texts.checkpointSteps(run: "run")
            let absurd = ["--epochs", "40", "--learning-rate", "1e30", "--log-every", "1"]
            try texts.expectRefusal(
                try texts.startResume(ranks: 3, run: "run", absurd), run: "run", status: 64,
                says: [
                    "not finite in 10 steps in a row", "after 3 returns to a checkpoint",
                    "The last good checkpoint is in \(texts.path("run"))/checkpoints",
                    "Resume it with a lower --learning-rate",
                    "If no lower rate helps, move \(texts.path(texts.checkpoint(run: "run", step: good.last ?? 0))) away",
                ])
            #expect(texts.checkpointSteps(run: "run") == good)
            let skipped = try RunLog(run: texts.path("run")).events.filter { $0["skipped"] == "1" }
            #expect(skipped.count == 4 * 9)
            let mended = try texts.startResume(ranks: 1, run: "run", ["--epochs", "3", "--learning-rate", "0.1"]).end(
                timeLimit: 30)
            #expect(mended.status == 0, "\(mended)")
            #expect(try RunLog(run: texts.path("run")).finalDigest == whole.finalDigest)
        }

        @Test("Updates that are not finite end the job although checkpoints are written in between")
        func divergenceWithCheckpoints() throws {
            let options = Self.unbounded + ["--learning-rate", "1e30", "--epochs", "40"]
            let program = try texts.start(
                ranks: 3, run: "run",
                options + [
                    "--checkpoint-every", "1 steps", "--log-every", "7", "--validate-every", "1", "--max-rollbacks", "0",
                ])
            let outcome = try texts.expectRefusal(program, run: "run", status: 64, says: ["not finite in 10 steps in a row"])
            let lastStep = outcome.errors.firstMatch(of: /step ([0-9]+): the loss/).flatMap { Int($0.1) }
            let newest = try #require(texts.checkpointSteps(run: "run").last)
            #expect(newest + 10 == lastStep, "no checkpoint is written while updates are skipped")
            let read = try ProgramRun.alone(
                "rnntrain",
                ["evaluate", "--json", "--checkpoint", texts.checkpoint(run: "run", step: newest), "--data", "test.txt"],
                folder: texts.folder)
            #expect(read.status == 65 && read.errors.contains("the numbers of this model overflow"), "\(read)")
        }
    }
}
