import Foundation
import TestSupport
import Testing

@Suite("A single text that is split", .serialized)
struct OneTextTests {
    private let texts: TrainingFolder
    private static let model = [
        "--layers", "1", "--embedding-size", "8", "--hidden-size", "8", "--batch-size", "4", "--bptt", "8", "--epochs", "2",
    ]
    private let lines: [String]

    /// 200 lines of different lengths, the last without a line feed.
    init() throws {
        texts = try TrainingFolder(options: Self.model, lines: 1)
        lines = (1...200).map { number in (0..<(3 + number % 5)).map { "w\((number * 7 + $0 * 3) % 13)" }.joined(separator: " ") }
        try texts.write("input.txt", lines.joined(separator: "\n"))
        try texts.write("train.txt", lines[..<180].joined(separator: "\n") + "\n")
        try texts.write("valid.txt", lines[180..<190].joined(separator: "\n") + "\n")
        try texts.write("test.txt", lines[190...].joined(separator: "\n"))
    }

    private func run(_ arguments: [String]) throws -> ProgramRun {
        try ProgramRun.alone("rnntrain", arguments, folder: texts.folder)
    }

    private func digest(_ run: ProgramRun) -> String? { run.lines.first { $0.contains("digest") }.map(String.init) }

    @Test("A split text trains like three files with its parts, and the split is reported", arguments: ["word", "char", "byte"])
    func likeThreeFiles(unit: String) throws {
        let options = Self.model + ["--tokens", unit]
        let one = try run(["--text", "input.txt", "--run", "one"] + options)
        #expect(
            one.status == 0
                && one.output.contains("text split: input.txt: train lines 1-180, valid lines 181-190, test lines 191-200"),
            "\(one)")
        let three = try run(["--train", "train.txt", "--valid", "valid.txt", "--test", "test.txt", "--run", "three"] + options)
        #expect(three.status == 0 && digest(one) != nil && digest(one) == digest(three), "\(one)\n\(three)")
        let ranks = try ProgramRun.onRanks(
            2, "rnntrain", ["--text", "input.txt", "--run", "ranks"] + options, folder: texts.folder)
        #expect(ranks.status == 0 && digest(ranks) == digest(one), "\(ranks)")
        // The text is not copied.
        let files = try FileManager.default.subpathsOfDirectory(atPath: texts.path("one")).filter { $0.hasSuffix(".txt") }
        #expect(files.isEmpty)
    }

    /// A config.toml without the text, a key that earlier versions do not have, is completed from the checkpoint.
    private func completed() throws {
        let whole = String(decoding: try texts.bytes("run/config.toml"), as: UTF8.self)
        let partial = whole.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("text = ") }
        try texts.write("run/config.toml", partial.joined(separator: "\n"))
        let resumed = try run(["--run", "run", "--resume"])
        #expect(resumed.status == 0 && resumed.errors.contains("config.toml lacks text: taken from "), "\(resumed)")
        #expect(String(decoding: try texts.bytes("run/config.toml"), as: UTF8.self) == whole)
        // A file of an earlier version lacks keys whose defaults are those of the run.
        let earlier = whole.split(separator: "\n", omittingEmptySubsequences: false).filter {
            !$0.hasPrefix("variable-window = ")
        }
        try texts.write("run/config.toml", earlier.joined(separator: "\n"))
        let silent = try run(["--run", "run", "--resume"])
        #expect(silent.status == 0 && !silent.errors.contains("lacks"), "\(silent)")
    }

    @Test("A run with a split text resumes, and refuses another text")
    func resume() throws {
        let first = try run(["--text", "input.txt", "--run", "run", "--epochs", "1"] + Self.model.dropLast(2))
        #expect(first.status == 0, "\(first)")
        let resumed = try run(["--run", "run", "--resume", "--epochs", "2"])
        let whole = try run(["--text", "input.txt", "--run", "whole"] + Self.model)
        #expect(
            resumed.status == 0 && resumed.output.contains("text split: ") && digest(resumed) == digest(whole),
            "\(resumed)\n\(whole)")
        try completed()
        try texts.write("input.txt", lines.dropLast().joined(separator: "\n"))
        let other = try run(["--run", "run", "--resume", "--epochs", "3"])
        #expect(other.status == 65 && other.errors.contains("the run was started with another text for --text"), "\(other)")
    }

    @Test("A split text works in a TOML file and in a dry run")
    func file() throws {
        try texts.write("own.toml", "text = \"input.txt\"\nrun = \"run\"\n")
        let dry = try run(["--config", "own.toml", "--dry-run"] + Self.model)
        #expect(dry.status == 0 && dry.output.contains("text split: input.txt: train lines 1-180, "), "\(dry)")
    }

    @Test("A split text excludes other texts, and needs a run folder and three lines")
    func refusals() throws {
        for key in ["train", "valid", "test"] {
            let both = try run(["--text", "input.txt", "--run", "r", "--\(key)", "\(key).txt"])
            #expect(
                both.status == 64 && both.errors.contains("--text and --\(key) exclude each other: "), "\(both)")
        }
        #expect(try run(["--text", "input.txt"]).errors.contains("--run is not set: "))
        let gone = try run(["--text", "gone.txt", "--run", "r"])
        #expect(
            gone.status == 66 && gone.errors.contains("gone.txt: no such file. Check the path given with --text"),
            "\(gone)")
        try texts.write("gone.toml", "text = \"gone.txt\"\nrun = \"r\"\n")
        let named = try run(["--config", "gone.toml"])
        #expect(
            named.status == 66
                && named.errors.contains("gone.txt: no such file. Check the path given with the key text of gone.toml; "),
            "\(named)")
        try texts.write("two.txt", "a b\nb a\n")
        let short = try run(["--text", "two.txt", "--run", "r"])
        #expect(
            short.status == 65 && short.errors.contains("two.txt: the text has 2 lines, but --text splits it by lines"),
            "\(short)")
        try texts.write("three.txt", "a b\nb a\nb b\n")
        let few = try run(["--text", "three.txt", "--run", "r"] + Self.model)
        #expect(few.status == 65 && few.errors.contains("three.txt, line 1: the text has 3 tokens, but one window of"), "\(few)")
    }

    @Test("A compressed text is named as such, although it has fewer than three lines")
    func compressed() throws {
        try texts.write("small.gz", Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x4B, 0x54, 0x48, 2, 0]))
        let refused = try run(["--text", "small.gz", "--run", "r"] + Self.model)
        #expect(refused.status == 65 && refused.errors.contains("small.gz: this is gzip, not plain text"), "\(refused)")
    }

    @Test("A path that another file gets while the parts are opened ends the start")
    func replaced() throws {
        try texts.write("other.txt", String(decoding: try texts.bytes("input.txt"), as: UTF8.self).replacing("w1", with: "w2"))
        let link = texts.path("link.txt")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "input.txt")
        // The calls: opening, mapping and closing the text for its split, then opening and mapping each part. The sixth opens the second part.
        let fault = [
            "LD_PRELOAD": Sanitizers.plainFaultLibrary ?? ProgramRun.buildFolder.appending(path: "libfile-faults.so").path,
            "RNNTRAIN_FAULT_FOLDER": link,
            "RNNTRAIN_FAULT": "-3", "RNNTRAIN_FAULT_SECONDS": "1", "RNNTRAIN_FAULT_CALL": "6",
            "RNNTRAIN_FAULT_MARK": texts.path("mark"),
        ]
        let program = try ProgramRun.start(
            "rnntrain", ["--text", link, "--run", "r"] + Self.model, environment: fault, folder: texts.folder)
        try #require(waitFor(20) { FileManager.default.fileExists(atPath: texts.path("mark")) })
        try FileManager.default.createSymbolicLink(atPath: texts.path("next"), withDestinationPath: "other.txt")
        #expect(rename(texts.path("next"), link) == 0)
        let outcome = try program.end(timeLimit: 30)
        #expect(outcome.status == 65 && outcome.errors.contains("link.txt: the file changed while it was read"), "\(outcome)")
        #expect(!FileManager.default.fileExists(atPath: texts.path("r")))
    }

    @Test("Errors in a split text contain the offset in the file")
    func faults() throws {
        var bytes = try texts.bytes("input.txt")
        let place = try texts.bytes("train.txt").count + 20
        bytes[place] = 0xff
        try texts.write("bad.txt", bytes)
        for ranks in [1, 2] {
            let bad = try ProgramRun.onRanks(
                ranks, "rnntrain", ["--text", "bad.txt", "--run", "r"] + Self.model, folder: texts.folder)
            #expect(bad.status == 65 && bad.errors.contains("bad.txt, lines 181-190: invalid UTF-8 at byte \(place): "), "\(bad)")
        }
    }
}
