import Foundation
import TestSupport
import Testing

@Suite("Verify")
struct VerifyTests {
    /// A small run on the built-in source, trained once for all tests.
    private static let run = Result {
        let scratch = try ScratchFolder()
        let options = ["--hidden-size", "8", "--epochs", "1", "--checkpoint-every", "40 steps", "--bptt", "100", "--run", "run"]
        let outcome = try ProcessRunner.rnntrain(options, in: scratch.folder)
        try #require(outcome.status == 0, "\(outcome)")
        return scratch
    }

    private let scratch = Result { try ScratchFolder() }
    private var folder: URL { get throws { try scratch.get().folder.appending(path: "run") } }

    init() throws {
        try FileManager.default.copyItem(at: Self.run.get().folder.appending(path: "run"), to: try folder)
    }

    private func verify(_ path: String = "run", _ more: String...) throws -> ProgramRun {
        try ProcessRunner.rnntrain(["verify", path] + more, in: try scratch.get().folder)
    }

    private func change(_ name: String, _ body: (inout Data) -> Void) throws {
        let place = try folder.appending(path: name)
        var bytes = try Data(contentsOf: place)
        body(&bytes)
        try bytes.write(to: place)
    }

    private var checkpoints: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "checkpoints").path).sorted()
                .map { "checkpoints/" + $0 }
        }
    }

    /// Expects status 65, a message that contains these words, and this number of invalid files.
    private func expectDamage(_ words: String..., count: Int = 1, location: SourceLocation = #_sourceLocation) throws {
        let outcome = try verify()
        #expect(outcome.status == 65, "\(outcome)", sourceLocation: location)
        for word in words { #expect(outcome.errors.contains(word), "\(outcome)", sourceLocation: location) }
        #expect(outcome.output.components(separatedBy: "NOT VALID").count == count + 1, "\(outcome)", sourceLocation: location)
    }

    @Test("A valid run is reported as such, with its contents")
    func sound() throws {
        let outcome = try verify()
        #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output.hasSuffix("all files are valid\n"), "\(outcome)")
        #expect(outcome.output.hasPrefix("model  lstm 1 x 8, embedding 16, 7 symbols, "), "\(outcome)")
        for kind in ["checkpoint", "best", "configuration", "vocabulary", "metrics", "tokens", "lock"] {
            #expect(outcome.output.contains("\n\(kind)  run/"), "\(kind) is missing in \(outcome)")
        }
        let log = try String(contentsOf: folder.appending(path: "metrics.jsonl"), encoding: .utf8)
        let digest = try #require(log.matches(of: /"parameters_digest":"([0-9a-f]{16})"/).last?.1)
        #expect(outcome.output.contains("parameters \(digest)"))
    }

    @Test("The JSON is one object with the figures of the newest checkpoint")
    func json() throws {
        for path in ["run", "run/best.safetensors"] {
            let outcome = try verify(path, "--json")
            let object = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
            #expect(object["sound"] as? Bool == true && outcome.status == 0)
            let files = try #require(object["files"] as? [[String: Any]])
            let checkpoint = try #require(files.first?["checkpoint"] as? [String: Any])
            #expect(checkpoint["perplexity"] is Double && checkpoint["epoch"] as? Int == 1)
            #expect((checkpoint["model"] as? [String: Any])?["hidden_size"] as? Int == 8)
        }
    }

    @Test("A flipped bit in any file is damage, and the file is named")
    func flippedBits() throws {
        let newest = try #require(try checkpoints.last)
        for name in [newest, "best.safetensors", "data/valid.tokens"] {
            try change(name) { $0[$0.count - 300] ^= 4 }
            try expectDamage("run/\(name)", "1 of ")
            try change(name) { $0[$0.count - 300] ^= 4 }
        }
    }

    @Test("A checkpoint under another step's name and an outdated best model are damage")
    func otherStep() throws {
        let newest = try #require(try checkpoints.last)
        try FileManager.default.copyItem(
            at: folder.appending(path: newest), to: folder.appending(path: "checkpoints/step-00000007.safetensors"))
        try expectDamage("step-00000007.safetensors: it is from step", "its name says 7")
        try FileManager.default.removeItem(at: folder.appending(path: "checkpoints/step-00000007.safetensors"))
        try FileManager.default.removeItem(at: folder.appending(path: "best.safetensors"))
        try expectDamage("best.safetensors")
        try FileManager.default.copyItem(
            at: folder.appending(path: try #require(try checkpoints.first)), to: folder.appending(path: "best.safetensors"))
        try expectDamage("best.safetensors: the checkpoint is inconsistent: it has no validation loss")
    }

    @Test("A missing, invalid or foreign configuration, vocabulary or log is reported with its path")
    func texts() throws {
        try change("config.toml") {
            $0 = Data(String(decoding: $0, as: UTF8.self).replacing("hidden-size = 8", with: "hidden-size = 9").utf8)
        }
        try expectDamage("config.toml is from another run than all checkpoints", "its hidden-size is 8, but the file has 9")
        try change("config.toml") { $0 = Data("layers = = 3\n".utf8) }
        try expectDamage("config.toml:1:")
        try FileManager.default.removeItem(at: folder.appending(path: "config.toml"))
        try change("vocabulary.json") { $0.removeLast(5) }
        try change("metrics.jsonl") { $0.insert(contentsOf: "{}\n".utf8, at: 0) }
        try expectDamage("config.toml", "3 of ", count: 3)
        let output = try verify().output
        #expect(output.contains("metrics.jsonl: line 1, at byte 0, is not a line of a log"))
        #expect(
            output.contains("is not a vocabulary of rnntrain: it is not valid JSON. Restore the file. ")
                && output.contains("deleted: --resume writes it again."))
    }

    @Test("A vocabulary with another count than that of the newest checkpoint is damage")
    func vocabularyCounts() throws {
        try change("vocabulary.json") {
            let text = String(decoding: $0, as: UTF8.self)
            $0 = Data(text.replacing(/"counts":\[[0-9]+/) { _ in "\"counts\":[9999" }.utf8)
        }
        try expectDamage("vocabulary.json: its counts of the symbols differ from those in the newest checkpoint")
    }

    @Test("The files of a killed job are not damage")
    func leftovers() throws {
        try change("metrics.jsonl") { $0.removeLast(5) }
        try Data("half".utf8).write(to: folder.appending(path: "checkpoints/.step-00000099.safetensors.1-2.partial"))
        try Data("host far\nprocess 77\nstarted 2025-01-02T03:04:05Z\nboot b\nbirth 1\nend\n".utf8).write(
            to: folder.appending(path: "lock"))
        let outcome = try verify()
        #expect(outcome.status == 0, "\(outcome)")
        for words in ["its last line is incomplete", "temporary  run/checkpoints/.step", "left by process 77 on far"] {
            #expect(outcome.output.contains(words), "\(outcome)")
        }
    }

    @Test("A folder with only the configuration of a run, and a lock that no job wrote, are reported with what to do")
    func remains() throws {
        try Data("garbage\n".utf8).write(to: folder.appending(path: "lock"))
        try expectDamage("run/lock was not written by a run", "Move it away")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name != "config.toml" {
            try FileManager.default.removeItem(at: folder.appending(path: name))
        }
        let words = "run has a configuration, but neither a checkpoint nor the lock of a run"
        try expectDamage(words, "--config run/config.toml --run NEWFOLDER", count: 2)
        let resumed = try ProcessRunner.rnntrain(["--run", "run", "--resume"], in: try scratch.get().folder)
        #expect(resumed.status == 66 && resumed.errors.contains(words), "\(resumed)")
    }

    @Test("Checkpoints and the log that are missing beside a best model of a later step are reported")
    func lostCheckpointsAndLog() throws {
        for name in ["checkpoints", "metrics.jsonl"] { try FileManager.default.removeItem(at: folder.appending(path: name)) }
        try expectDamage("no checkpoint is left, but run/best.safetensors contains step")
        try expectDamage("without them, --resume starts at the first step.")
        try FileManager.default.removeItem(at: folder.appending(path: "config.toml"))
        try expectDamage("without them, the run cannot be resumed.", count: 2)
    }

    @Test("A missing folder and a folder without a run end with status 66")
    func nothing() throws {
        try FileManager.default.createDirectory(at: folder.appending(path: "empty"), withIntermediateDirectories: true)
        for path in ["gone", "run/empty"] {
            let outcome = try verify(path)
            #expect(
                outcome.status == 66 && outcome.errors.hasPrefix("rnntrain: error: \(path): not a checkpoint or a run folder."))
        }
        let other = try verify("run/config.toml")
        #expect(other.status == 65 && other.errors.contains("run/config.toml is damaged or not a checkpoint"))
    }
}
