import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("The distributed tokenizer", .serialized)
    struct TokenisingOverRanksTests {
        private let texts: TrainingFolder

        init() throws { texts = try TrainingFolder(lines: 200) }

        /// Tokenizes a text. Returns the token file and the vocabulary.
        private func tokenise(_ text: String, ranks: Int, _ options: [String] = [], readers: Int? = nil) throws -> [Data] {
            let out = "out-\(ranks)"
            let run = try start(text, ranks: ranks, options + ["--out", texts.path(out)])
            try #require(run.status == 0 && run.output == "read by \(readers ?? ranks)\n", "\(run)")
            return [try texts.bytes(out + ".tokens"), try texts.bytes(out + ".json")]
        }

        private func start(_ text: String, ranks: Int, _ options: [String]) throws -> ProgramRun {
            try ProgramRun.onRanks(ranks, "rank-checks", ["tokenise", "--text", texts.path(text)] + options)
        }

        @Test(
            "Vocabulary and token file are the same at any rank count, for words, characters and bytes",
            arguments: ["word", "char", "byte"])
        func units(unit: String) throws {
            var text = try texts.bytes("train.txt")
            text.append(contentsOf: Array("größe\r\n\r\n\u{3000}语言\u{A0}\u{2003}x\r\n".utf8))
            text.append(contentsOf: Array((String(repeating: "é", count: 1500) + "\n\n\nlast").utf8))
            try texts.write("mixed.txt", text)
            let one = try tokenise("mixed.txt", ranks: 1, ["--unit", unit])
            for ranks in [2, 3, 5, 8] {
                let found = try tokenise("mixed.txt", ranks: ranks, ["--unit", unit, "--block", "97"])
                // The digest of the text, and with it that of the header, depends on the block size.
                #expect(found[0].dropFirst(64) == one[0].dropFirst(64) && found[1] == one[1], "\(ranks) ranks")
            }
            #expect(try tokenise("mixed.txt", ranks: 3, ["--unit", unit]) == one)
        }

        @Test("A text with fewer bytes than ranks gives the same token file")
        func tinyText() throws {
            try texts.write("tiny.txt", "é b\n")
            let one = try tokenise("tiny.txt", ranks: 1, ["--block", "1"])
            #expect(try tokenise("tiny.txt", ranks: 8, ["--block", "1"]) == one)
            #expect(try tokenise("tiny.txt", ranks: 3, ["--block", "1"]) == one)
        }

        @Test("A rank that cannot open the text does not change the token file")
        func blindRank() throws {
            let one = try tokenise("train.txt", ranks: 1, ["--block", "500"])
            #expect(try tokenise("train.txt", ranks: 4, ["--block", "500", "--blind", "2"], readers: 3) == one)
            #expect(try tokenise("train.txt", ranks: 2, ["--block", "500", "--blind", "1"], readers: 1) == one)
        }

        @Test("Reading looks for a request to stop after each block, for counting and for encoding")
        func requests() throws {
            let blocks = (try texts.bytes("train.txt").count + 499) / 500
            let rounds = (blocks + 3) / 4
            let run = try start("train.txt", ranks: 1, ["--block", "500", "--out", texts.path("out"), "--requests", "yes"])
            // Once for each block, once for the tokens of each block, and once at the end of the counting and of each round of the encoding.
            #expect(run.status == 0 && run.output == "read by 1\nasked \(3 * blocks + 1 + rounds) times\n", "\(run)")
        }

        @Test("A line of many blocks with a fault gives the same message at any rank count")
        func faultInLongLine() throws {
            // The line begins among the blocks of the second rank, and the fault is some blocks later.
            let (lines, line) = (String(repeating: "abc\n", count: 60), String(repeating: "abc", count: 100))
            try texts.write("long.txt", "\(lines)\(line)%\n")
            let place = "begins at byte \(lines.utf8.count + line.utf8.count), with the character \"%\""
            for ranks in [1, 3] {
                let options = ["--pattern", "[a-c]", "--unit", "regex", "--block", "20", "--out", texts.path("out")]
                let failed = try start("long.txt", ranks: ranks, options)
                #expect(failed.status == 65 && failed.errors.contains(place), "\(failed)")
            }
        }

        @Test("A fault in any rank's part gives the same message")
        func faults() throws {
            var bytes = try texts.bytes("train.txt")
            let offset = bytes.count - 20
            bytes[offset] = 0xFF
            try texts.write("bad.txt", bytes)
            try texts.write("foreign.txt", "the of a the of a the of a the of a %")
            for ranks in [1, 3, 8] {
                let bad = try start("bad.txt", ranks: ranks, ["--block", "100", "--out", texts.path("out")])
                let message =
                    "rnntrain: error: \(texts.path("bad.txt")): invalid UTF-8 at byte \(offset): the byte 0xFF, which is never valid."
                #expect(bad.errors.hasPrefix(message) && bad.status == 65 && bad.output == "", "\(bad)")
                #expect(bad.errors.components(separatedBy: "invalid UTF-8").count == 2, "\(bad)")
                let options = [
                    "--unit", "char", "--block", "3", "--encode", texts.path("foreign.txt"), "--out", texts.path("out"),
                ]
                let foreign = try start("train.txt", ranks: ranks, options)
                #expect(
                    foreign.errors.hasPrefix(
                        "rnntrain: error: \(texts.path("foreign.txt")): the character \"%\" (U+0025) at byte 36"),
                    "\(foreign)")
                #expect(foreign.status == 65 && foreign.output == "", "\(foreign)")
                #expect(!FileManager.default.fileExists(atPath: texts.path("out.tokens")))
            }
        }

        @Test("A full disk ends all ranks and leaves no file")
        func fullDisk() throws {
            // A limit on file sizes, in units of 512 bytes, simulates a full disk.
            try texts.write("large.txt", Data(repeating: 0x61, count: 30 << 20))
            let arguments = ["tokenise", "--text", texts.path("large.txt"), "--unit", "byte", "--out", texts.path("out")]
            let run = try ProgramRun.startOnRanks(
                2, "rank-checks", arguments, prelude: "ulimit -f 40000; trap '' XFSZ", folder: texts.folder
            ).end(timeLimit: 30)
            #expect(
                run.status == 74 && run.errors.hasPrefix("rnntrain: error: \(texts.path("out.tokens")): writing failed: "),
                "\(run)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: texts.folder.path).allSatisfy { !$0.contains("tokens") })
        }

        @Test("A resumed run reads only texts whose stamps are unknown, and detects a changed text")
        func stamps() throws {
            usleep(2_100_000)  // the stamp of a text that was just written is not reliable
            let options = ["--epochs", "1", "--checkpoint-every", "10 steps"]
            try finished(try texts.start(ranks: 2, run: "run", options), in: texts, run: "run")
            let stamps = try texts.bytes("run/data/stamps.json")
            #expect(String(decoding: stamps, as: UTF8.self).components(separatedBy: #""source":{"#).count == 4)
            try finished(try texts.startResume(ranks: 3, run: "run", ["--epochs", "2"]), in: texts, run: "run")
            #expect(try texts.bytes("run/data/stamps.json") == stamps)

            let modified = try FileManager.default.attributesOfItem(atPath: texts.path("valid.txt"))[.modificationDate] as? Date
            var text = try texts.bytes("valid.txt")
            let space = try #require(text.firstIndex(of: 0x20))
            text[space] = 0x0A
            try texts.write("valid.txt", text)
            try FileManager.default.setAttributes(
                [.modificationDate: try #require(modified)], ofItemAtPath: texts.path("valid.txt"))
            try texts.expectRefusal(
                try texts.startResume(ranks: 2, run: "run", ["--epochs", "3"]), run: "run", status: 65,
                says: ["the run was started with another text for --valid"])
            text[space] = 0x20
            try texts.write("valid.txt", text)
            try finished(try texts.startResume(ranks: 2, run: "run", ["--epochs", "3"]), in: texts, run: "run")
        }
    }
}
