import Foundation
import TestSupport
import Testing

/// A run whose checkpoints and best model are gone. Its log still shows which models it made, from which texts.
@Suite("A run that starts again from its log alone", .serialized)
struct RestartTests {
    private let texts: TrainingFolder
    private let digest: String
    private static let options = [
        "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--layers", "1", "--epochs", "1",
        "--word-vectors", "vectors.txt",
    ]

    init() throws {
        texts = try TrainingFolder(options: Self.options, lines: 50, validLines: 10)
        try texts.write("vectors.txt", "a 1 0 0 0\nof 0 1 0 0\n")
        let outcome = try ProgramRun.alone("rnntrain", texts.arguments(run: "run"), folder: texts.folder)
        try #require(outcome.status == 0, "\(outcome)")
        digest = try #require(try RunLog(run: texts.path("run")).finalDigest)
        try FileManager.default.removeItem(atPath: texts.path("run/checkpoints"))
        try FileManager.default.removeItem(atPath: texts.path("run/best.safetensors"))
    }

    private func resume(_ more: String...) throws -> ProgramRun {
        try ProgramRun.alone("rnntrain", ["--run", texts.path("run"), "--resume"] + more, folder: texts.folder)
    }

    @Test("Unchanged texts and options give the same digest")
    func unchanged() throws {
        let outcome = try resume()
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try RunLog(run: texts.path("run")).finalDigest == digest)
    }

    @Test("Another text, or another file of word vectors, is refused", arguments: ["train", "valid", "test"])
    func otherText(role: String) throws {
        let log = try texts.bytes("run/metrics.jsonl")
        let vectors = try texts.bytes("vectors.txt")
        try texts.write("vectors.txt", "a 1 0 0 0\nof 0 1 0 1\n")
        let others = try resume()
        #expect(others.status == 65 && others.errors.contains("another text for --word-vectors"), "\(others)")
        try texts.write("vectors.txt", vectors)
        try texts.write("\(role).txt", try texts.bytes("\(role).txt").dropLast(40) + Data("\n".utf8))
        let other = try resume()
        #expect(other.status == 65 && other.errors.contains("another text for --\(role)"), "\(other)")
        #expect(try texts.bytes("run/metrics.jsonl") == log)
    }

    @Test("An option that a resume may not change is refused")
    func otherOption() throws {
        let outcome = try resume("--hidden-size", "5", "--seed", "9")
        #expect(
            outcome.status == 64
                && outcome.errors.contains("a resumed run cannot change --hidden-size from 4 to 5; --seed from 1 to 9"),
            "\(outcome)")
    }

    @Test(
        "So is a fixed key that was changed in config.toml",
        arguments: [
            ("seed = 1", "seed = 2", "--seed from 1 to 2"), ("hidden-size = 4", "hidden-size = 5", "--hidden-size from 4 to 5"),
            ("dropout = 0.0", "dropout = 0.5", "--dropout from 0.0 to 0.5"),
            ("word-vectors = ", "# word-vectors = ", "--word-vectors from a file to not set"),
        ])
    func editedConfiguration(old: String, new: String, change: String) throws {
        let text = try String(decoding: texts.bytes("run/config.toml"), as: UTF8.self)
        try #require(text.contains("\n" + old), "\(text)")
        try texts.write("run/config.toml", text.replacing("\n" + old, with: "\n" + new))
        let outcome = try resume()
        #expect(outcome.status == 64 && outcome.errors.contains(change), "\(outcome)")
    }

    @Test("Another vocabulary of the same text is refused")
    func otherVocabulary() throws {
        let log = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self)
        let changed = log.replacing(/,"checksum":"[0-9a-f]{16}"/, with: "")
            .replacing(/"vocabulary_digest":"[0-9a-f]{16}"/, with: "\"vocabulary_digest\":\"0123456789abcdef\"")
        try #require(changed.contains("0123456789abcdef"), "\(log)")
        try texts.write("run/metrics.jsonl", changed)
        let outcome = try resume()
        #expect(
            outcome.status == 65 && outcome.errors.contains("divides the training text into other tokens")
                && outcome.errors.contains("expected 0123456789abcdef"), "\(outcome)")
        #expect(String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self) == changed)
    }

    @Test("A run without a validation may start with another text")
    func withoutModels() throws {
        let lines = try String(decoding: texts.bytes("run/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
        try texts.write("run/metrics.jsonl", lines[0] + "\n")
        try texts.write("valid.txt", try texts.bytes("valid.txt").dropLast(40) + Data("\n".utf8))
        let outcome = try resume()
        #expect(outcome.status == 0, "\(outcome)")
    }
}
