import Foundation
import TestSupport
import Testing

@Suite("Unreadable and changed files", .serialized)
struct UnreadableFileTests {
    private static let options = [
        "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--epochs", "1", "--checkpoint-every",
        "3 steps",
    ]
    private let texts: TrainingFolder

    init() throws { texts = try TrainingFolder(options: Self.options, lines: 50, validLines: 10) }

    /// Runs the program. The call with number `call` on the file at `failing` fails with EIO; call 1 opens the file.
    private func rnntrain(_ arguments: [String], failing path: String? = nil, call: Int = 2) throws -> ProgramRun {
        var environment = ["SWIFT_BACKTRACE": "enable=no"]
        if let path {
            environment["LD_PRELOAD"] = ProgramRun.buildFolder.appendingPathComponent("libfile-faults.so").path
            environment["RNNTRAIN_FAULT_FOLDER"] = path
            environment["RNNTRAIN_FAULT"] = "\(EIO)"
            environment["RNNTRAIN_FAULT_CALL"] = "\(call)"
        }
        return try ProgramRun.alone("rnntrain", arguments, environment: environment, folder: texts.folder)
    }

    @Test(
        "An unreadable newest checkpoint is reported, and the run resumes from the previous one to the same bits",
        arguments: [2, 4])
    func newestCheckpoint(call: Int) throws {
        let more = ["--epochs", "2"]
        let whole = try rnntrain(texts.arguments(run: "whole", more))
        try #require(whole.status == 0, "\(whole)")
        try #require(try rnntrain(texts.arguments(run: "run")).status == 0)
        let step = try #require(texts.checkpointSteps(run: "run").last)
        let newest = texts.path(texts.checkpoint(run: "run", step: step))
        for arguments in [["verify", newest], ["evaluate", "--checkpoint", newest, "--data", "test.txt"]] {
            // evaluate first looks whether the file is a checkpoint or an ARPA file, with three calls.
            let outcome = try rnntrain(arguments, failing: newest, call: arguments[0] == "evaluate" ? call + 3 : call)
            #expect(outcome.status == 74, "\(outcome)")
            #expect(outcome.errors.hasPrefix("rnntrain: error: \(newest): cannot read byte "), "\(outcome)")
        }
        // A resume first reads the headers of all checkpoints, with four calls each.
        let resumed = try rnntrain(["--run", texts.path("run"), "--resume"] + more, failing: newest, call: call + 4)
        #expect(resumed.status == 0, "\(resumed)")
        #expect(resumed.errors.contains("skipped: \(newest): cannot read byte "), "\(resumed)")
        #expect(!resumed.errors.contains("The file is now"), "\(resumed)")
        #expect(try RunLog(run: texts.path("run")).finalDigest == RunLog(run: texts.path("whole")).finalDigest)
    }

    @Test("If the file of stamps is invalid, from another run or a pipe, the texts are read again")
    func stamps() throws {
        let whole = try rnntrain(texts.arguments(run: "whole", ["--epochs", "2"]))
        try #require(whole.status == 0, "\(whole)")
        let path = texts.path("run/data/stamps.json")
        for rubbish in ["{", #"{"entries":{"train":{"unit":"char","digest":5}}}"#, String(repeating: "[", count: 1 << 17)] {
            try? FileManager.default.removeItem(atPath: texts.path("run"))
            try #require(try rnntrain(texts.arguments(run: "run")).status == 0)
            try texts.write("run/data/stamps.json", rubbish)
            let resumed = try rnntrain(["--run", texts.path("run"), "--resume", "--epochs", "2"])
            #expect(resumed.status == 0, "\(resumed)")
            #expect(try RunLog(run: texts.path("run")).finalDigest == RunLog(run: texts.path("whole")).finalDigest)
        }
        try FileManager.default.removeItem(atPath: path)
        #expect(mkfifo(path, 0o600) == 0)
        // The pipe must neither block the run nor be replaced.
        let resumed = try rnntrain(["--run", texts.path("run"), "--resume", "--epochs", "3"])
        #expect(resumed.status == 74 && resumed.errors.contains("stamps.json is ") && !resumed.timedOut, "\(resumed)")
    }

    @Test("A log that cannot be read is not mistaken for a file of another program", arguments: [1, 2])
    func log(call: Int) throws {
        try #require(try rnntrain(texts.arguments(run: "run")).status == 0)
        for name in ["config.toml", "best.safetensors", "vocabulary.json", "checkpoints", "data", "lock"] {
            try? FileManager.default.removeItem(atPath: texts.path("run/" + name))
        }
        let log = try texts.bytes("run/metrics.jsonl")
        let outcome = try rnntrain(texts.arguments(run: "run"), failing: texts.path("run/metrics.jsonl"), call: call)
        #expect([66, 74].contains(outcome.status) && outcome.errors.contains("Input/output error"), "\(outcome)")
        #expect(try texts.bytes("run/metrics.jsonl") == log)
    }

    /// Overwrites bytes of a token file and keeps its times, like a disk that corrupts data.
    private func rot(_ name: String, at offset: Int, _ bytes: [UInt8]) throws {
        var before = stat()
        #expect(stat(texts.path(name), &before) == 0)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: texts.path(name)))
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: bytes)
        try file.close()
        #expect(utimensat(AT_FDCWD, texts.path(name), [before.st_atim, before.st_mtim], 0) == 0)
    }

    @Test("A token file that cannot be read is written again on resume, to the same bits", arguments: [UInt8(1), 255])
    func rottenTokens(byte: UInt8) throws {
        let whole = try rnntrain(texts.arguments(run: "whole", ["--epochs", "2"]))
        try #require(whole.status == 0, "\(whole)")
        try #require(try rnntrain(texts.arguments(run: "run")).status == 0)
        try rot("run/data/train.tokens", at: 100, [UInt8](repeating: byte, count: 200))
        try rot("run/data/valid.tokens", at: 70, [UInt8](repeating: byte, count: 20))
        let resumed = try rnntrain(["--run", texts.path("run"), "--resume", "--epochs", "2"])
        #expect(resumed.status == 0, "\(resumed)")
        for role in ["train", "valid"] {
            let says =
                "wrote tokens again from \(texts.path(role)).txt: \(texts.path("run/data/\(role)")).tokens is no valid token file: "
            #expect(resumed.output.contains(says), "\(resumed)")
        }
        #expect(try RunLog(run: texts.path("run")).finalDigest == RunLog(run: texts.path("whole")).finalDigest)
    }

    @Test("A token file of another text is refused: the text changed under its old stamp")
    func rottenText() throws {
        try #require(try rnntrain(texts.arguments(run: "run")).status == 0)
        // The stamp of a text is recorded only if the text is older than the clock's resolution.
        sleep(2)
        try #require(try rnntrain(["--run", texts.path("run"), "--resume", "--epochs", "2"]).status == 0)
        try rot("train.txt", at: 0, Array("the".utf8))
        try FileManager.default.removeItem(atPath: texts.path("run/data/train.tokens"))
        let resumed = try rnntrain(["--run", texts.path("run"), "--resume", "--epochs", "3"])
        #expect(resumed.status == 65 && resumed.errors.contains("train.txt"), "\(resumed)")
    }

    @Test("A vocabulary larger than a checkpoint's header is refused before a file is written")
    func largeVocabulary() throws {
        let nuls = Data(count: 15_000_000)
        try texts.write("nuls.txt", try texts.bytes("train.txt") + nuls + Data("\n".utf8))
        let outcome = try rnntrain(texts.arguments(run: "run", ["--train", texts.path("nuls.txt")]))
        #expect(outcome.status == 65, "\(outcome)")
        #expect(outcome.errors.contains("is too large for a checkpoint: the header would have 105"), "\(outcome)")
        #expect(outcome.errors.contains("...\" (15,000,000 bytes)") && outcome.errors.utf8.count < 700, "\(outcome)")
        #expect(!FileManager.default.fileExists(atPath: texts.path("run")))
    }

    @Test("A few giant words are refused like a large vocabulary, and named in short")
    func giantWords() throws {
        // The header has four bytes for each of these characters, which JSON escapes, in the JSON text of the vocabulary.
        let words = [("\"", 9_000_000), ("\\", 9_000_000), ("\"", 8_000_000)].map { String(repeating: $0.0, count: $0.1) }
        let line = Data((words.joined(separator: " ") + "\n").utf8)
        try texts.write("giants.txt", try texts.bytes("train.txt") + line)
        let outcome = try rnntrain(texts.arguments(run: "run", ["--train", texts.path("giants.txt")]))
        #expect(outcome.status == 65, "\(outcome)")
        #expect(outcome.errors.contains("is too large for a checkpoint: the header would have 104"), "\(outcome)")
        #expect(outcome.errors.components(separatedBy: "...\" (9,000,000 bytes)").count == 3, "\(outcome)")
        #expect(outcome.errors.contains("...\" (8,000,000 bytes)") && outcome.errors.utf8.count < 700, "\(outcome)")
        #expect(!FileManager.default.fileExists(atPath: texts.path("run")))
    }

    @Test("A run with a million epochs stops when it converges", arguments: ["1000000"])
    func epochs(count: String) throws {
        let outcome = try rnntrain(
            texts.arguments(run: "run", ["--epochs", count, "--patience", "1", "--epsilon", "100", "--log-every", "1"]))
        #expect(outcome.status == 0, "\(outcome)")
    }
}
