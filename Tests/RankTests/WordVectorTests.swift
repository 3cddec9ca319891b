import Checkpoints
import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// Runs whose embedding starts from a file.
    @Suite("Runs with word vectors", .serialized)
    struct WordVectorTests {
        private static let options = [
            "--hidden-size", "12", "--embedding-size", "3", "--batch-size", "8", "--bptt", "8", "--shards", "8", "--epochs", "1",
            "--checkpoint-every", "5 steps", "--keep", "100", "--optimizer", "adamw", "--weight-decay", "0.1", "--word-vectors",
            "v.txt",
        ]
        private let texts: TrainingFolder

        init() throws {
            texts = try TrainingFolder(options: Self.options, lines: 60, validLines: 20)
            try texts.write("v.txt", "3 3\nthe 0.5 -2 0.125\nnone 1 1 1\nw3 7 8 9\n")
        }

        private func trained(_ ranks: Int, _ run: String, _ options: [String] = []) throws -> RunLog {
            let path = ["--word-vectors", texts.path("v.txt")]
            return try finished(try texts.start(ranks: ranks, run: run, options + path), in: texts, run: run)
        }

        private func table(_ run: String, step: Int) throws -> [Float] {
            try SafetensorsReader(path: texts.path(texts.checkpoint(run: run, step: step))).elements(
                of: "encoder.weight", as: Float.self)
        }

        @Test("The embedding starts from the file, with the same bits at any rank count, and a resume needs no file")
        func start() throws {
            let one = try trained(1, "one")
            expectSame(try trained(3, "three"), one, "3 ranks")
            expectSame(try trained(8, "eight", ["--exchange", "messages"]), one, "8 ranks with messages")
            let start = try #require(one.events.first)
            #expect(start["word_vectors_found"] == "2" && start["word_vectors_train_tokens"] != nil, "\(start)")
            let first = try table("one", step: 0)
            let rows = stride(from: 0, to: first.count, by: 3).map { Array(first[$0..<$0 + 3]) }
            #expect(rows.contains([0.5, -2, 0.125]) && rows.contains([7, 8, 9]))
            for step in texts.checkpointSteps(run: "one") where step > 5 {
                try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "one", step: step)))
            }
            try FileManager.default.removeItem(atPath: texts.path("v.txt"))
            let resumed = try finished(try texts.startResume(ranks: 2, run: "one"), in: texts, run: "one")
            #expect(resumed.finalDigest == one.finalDigest && resumed.contradictions.isEmpty)
        }

        @Test("A run without checkpoints that begins again refuses a changed file of vectors, and keeps its best model")
        func changedAtRestart() throws {
            _ = try trained(1, "one")
            let best = try texts.bytes("one/best.safetensors")
            try texts.write("v.txt", "2 3\nthe 0.5 -2 0.5\nw3 7 8 9\n")
            for step in texts.checkpointSteps(run: "one") {
                try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "one", step: step)))
            }
            let refused = try texts.startResume(ranks: 1, run: "one").end(timeLimit: 30)
            #expect(refused.status == 65 && refused.errors.contains("another text for --word-vectors"), "\(refused)")
            #expect(try texts.bytes("one/best.safetensors") == best)
            // Words that are not in the vocabulary do not count.
            try texts.write("v.txt", "3 3\nthe 0.5 -2 0.125\nother 2 2 2\nw3 7 8 9\n")
            _ = try finished(try texts.startResume(ranks: 1, run: "one"), in: texts, run: "one")
        }

        @Test("Other vectors on resume are refused, because they have no effect; the stored path remains")
        func othersOnResume() throws {
            let one = try trained(1, "one")
            try texts.write("other.txt", "the 9 9 9\n")
            for options in [["--word-vectors", texts.path("other.txt")], ["--word-vectors", texts.path("none.txt")]] {
                let resumed = try texts.startResume(ranks: 2, run: "one", options).end(timeLimit: 30)
                #expect(resumed.status == 64, "\(resumed)")
                #expect(
                    resumed.errors.contains("has no effect on a resumed run, which began with \(texts.path("v.txt"))"),
                    "\(resumed)")
            }
            let again = try finished(
                try texts.startResume(ranks: 2, run: "one", ["--word-vectors", texts.path("./v.txt")]), in: texts, run: "one")
            #expect(again.finalDigest == one.finalDigest)
            let stored = String(decoding: try texts.bytes("one/config.toml"), as: UTF8.self)
            #expect(stored.contains("word-vectors = \"\(texts.path("v.txt"))\""))
        }

        @Test("A frozen embedding keeps every bit, and the run its bits at any rank count")
        func frozen() throws {
            let one = try trained(1, "one", ["--freeze-embeddings"])
            expectSame(try trained(3, "three", ["--freeze-embeddings"]), one, "3 ranks")
            expectSame(try trained(8, "eight", ["--freeze-embeddings", "--exchange", "messages"]), one, "8 ranks with messages")
            let last = try #require(texts.checkpointSteps(run: "one").last)
            #expect(try last > 5 && table("one", step: last) == table("one", step: 0))
            #expect(try trained(1, "free").finalDigest != one.finalDigest)
            #expect(try table("free", step: last) != table("free", step: 0))
        }

        @Test("Vectors of another size are an error with advice before the run exists, and tied weights cannot be frozen")
        func refusals() throws {
            let other = try texts.start(ranks: 2, run: "bad", ["--embedding-size", "4", "--word-vectors", texts.path("v.txt")])
            let outcome = try other.end(timeLimit: 60)
            #expect(
                outcome.status == 65
                    && outcome.errors.contains(
                        "line 2 has 3 numbers after its word, but --embedding-size is 4. Use --embedding-size 3"),
                "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: texts.path("bad")))
            let tied = try ProgramRun.alone(
                "rnntrain", texts.arguments(run: "tied", ["--tie-weights", "--embedding-size", "12", "--freeze-embeddings"]),
                folder: texts.folder)
            #expect(
                tied.status == 64 && tied.errors.contains("--freeze-embeddings and --tie-weights exclude each other"), "\(tied)")
        }
    }
}
