import Foundation
import TestSupport
import Testing

/// Whole runs in folders that other jobs, users and their files share.
@Suite("The folder of a run", .serialized)
struct WholeRunFolderTests {
    private static let options = [
        "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--epochs", "1",
    ]
    private let texts: TrainingFolder

    init() throws { texts = try TrainingFolder(options: Self.options, lines: 60, validLines: 10) }

    private func rnntrain(_ arguments: [String], in folder: URL? = nil) throws -> ProgramRun {
        try ProcessRunner.rnntrain(arguments, in: folder ?? texts.folder)
    }

    private func train(run: String, _ more: [String] = []) throws -> ProgramRun {
        try rnntrain(texts.arguments(run: run, more))
    }

    private func resume(run: String, _ more: [String] = [], in folder: URL? = nil) throws -> ProgramRun {
        try rnntrain(["--run", texts.path(run), "--resume", "--epochs", "2"] + more, in: folder)
    }

    private func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: texts.path(name)) }

    private func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: texts.path(name)) }

    private func names(_ name: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: texts.path(name)).sorted()
    }

    /// Expects a refusal in one line that names a file of the folder.
    private func expectRefusal(_ outcome: ProgramRun, status: Int32, naming name: String) {
        let lines = outcome.errors.split(separator: "\n")
        #expect(outcome.status == status && lines.count == 1 && outcome.errors.contains(texts.path(name)), "\(outcome)")
    }

    // MARK: Links and other files with names of the run's files

    /// Replaces a file or folder of the run.
    private func put(_ kind: String, at name: String) throws {
        try remove(name)
        switch kind {
        case "pipe": #expect(mkfifo(texts.path(name), 0o600) == 0)
        case "hard link": try FileManager.default.linkItem(atPath: texts.path("target/f"), toPath: texts.path(name))
        default:
            let target = kind == "link" ? "target/f" : "target"
            try FileManager.default.createSymbolicLink(atPath: texts.path(name), withDestinationPath: texts.path(target))
        }
    }

    @Test("A run does not write through links and pipes in its folder, nor to files with hard links")
    func links() throws {
        #expect(try train(run: "whole").status == 0)
        try texts.writeDeep("target/f", "mine, without a line end")
        let files = ["lock", "metrics.jsonl", "config.toml", "vocabulary.json", "best.safetensors", "data/train.tokens"]
        let cases =
            files.flatMap { [($0, "link"), ($0, "pipe")] } + ["lock", "metrics.jsonl"].map { ($0, "hard link") }
            + ["data", "checkpoints"].map { ($0, "link to a folder") }
        for (name, kind) in cases {
            try FileManager.default.copyItem(atPath: texts.path("whole"), toPath: texts.path("run"))
            try put(kind, at: "run/\(name)")
            let before = try names("run")
            expectRefusal(try resume(run: "run"), status: 74, naming: "run/\(name)")
            #expect(try names("target") == ["f"] && texts.bytes("target/f") == Data("mine, without a line end".utf8), "\(name)")
            #expect(try names("run") == before, "\(name), a \(kind)")
            try remove("run")
        }
    }

    @Test("The path of a run's folder may be a link")
    func linkedFolder() throws {
        try FileManager.default.createDirectory(atPath: texts.path("scratch"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: texts.path("runs"), withDestinationPath: "scratch")
        #expect(try train(run: "runs/a").status == 0 && resume(run: "runs/a").status == 0)
        #expect(exists("scratch/a/config.toml"))
    }

    // MARK: Files that belong to no run

    @Test("A new run is refused if a user's file has the name of a run's file; other files remain")
    func foreignFiles() throws {
        for name in ["config.toml", "vocabulary.json", "data/train.tokens", "best.safetensors", "lock"] {
            try texts.writeDeep("mine/\(name)", "mine")
            expectRefusal(try train(run: "mine"), status: 64, naming: "mine/\(name)")
            #expect(try texts.bytes("mine/\(name)") == Data("mine".utf8))
            #expect(try names("mine").filter { !["data"].contains($0) } == [name], "nothing is made beside it")
            try remove("mine")
        }
        let others = ["note", ".note.1-2.partial", ".config.toml.partial", "data/note", "checkpoints/own.safetensors"]
        for name in others { try texts.writeDeep("mine/\(name)", "mine") }
        #expect(try train(run: "mine").status == 0 && resume(run: "mine").status == 0)
        for name in others { #expect(try texts.bytes("mine/\(name)") == Data("mine".utf8)) }
    }

    @Test("A folder with a user's configuration cannot be resumed")
    func foreignConfiguration() throws {
        #expect(try train(run: "run").status == 0)
        for name in ["lock", "checkpoints", "best.safetensors", "metrics.jsonl"] { try remove("run/\(name)") }
        let before = try (names("run"), texts.bytes("run/config.toml"))
        expectRefusal(try resume(run: "run"), status: 66, naming: "run/config.toml")
        #expect(try names("run") == before.0 && texts.bytes("run/config.toml") == before.1)
    }

    // MARK: Starts

    @Test("A failed start leaves nothing, and the same command succeeds once the cause is removed")
    func failedStart() throws {
        let good = try texts.bytes("train.txt")
        for bad in [Data("a b\n".utf8), Data([0xff, 0xfe, 0xfd]), Data()] {
            try texts.write("train.txt", bad)
            #expect(try train(run: "new/run").status == 65)
            #expect(!exists("new"))
        }
        try texts.write("train.txt", good)
        try texts.writeDeep("mine/note", "mine")
        try texts.write("train.txt", Data("a b\n".utf8))
        #expect(try train(run: "mine").status == 65)
        #expect(try names("mine") == ["note"])
        try texts.write("train.txt", good)
        #expect(try train(run: "mine").status == 0)
    }

    /// Runs the program from a shell that first sets a limit.
    private func train(run: String, under limit: String, _ more: [String] = []) throws -> ProgramRun {
        let command = "ulimit \(limit); exec \"$0\" \"$@\""
        return try ProcessRunner.run(
            "/bin/bash", ["-c", command, ProcessRunner.program] + texts.arguments(run: run, more), in: texts.folder)
    }

    @Test(
        "A start that fails because of a limit on open files does not block the next start",
        arguments: [8, 10, 11, 12, 13, 14, 16])
    func fewFiles(count: Int) throws {
        let cut = try train(run: "run", under: "-n \(count)")
        if cut.status != 0 {
            #expect(cut.errors.contains("ulimit -n"), "\(cut)")
            #expect(try train(run: "run").status == 0, "\(cut)")
        }
    }

    @Test(
        "A limit on a process's memory is detected before a file is written",
        .disabled(if: Sanitizers.areOn, "The address sanitizer reserves terabytes of address space."))
    func littleMemory() throws {
        let outcome = try train(run: "run", under: "-v 900000", ["--hidden-size", "4000", "--embedding-size", "4000"])
        #expect(outcome.status == 70 && outcome.errors.contains("(ulimit -v) is too low"), "\(outcome)")
        #expect(!exists("run"))
    }

    @Test("Runs without arguments that start together use different folders")
    func builtInRuns() throws {
        let small = ["--epochs", "1", "--checkpoint-every", "1000", "--batch-size", "64", "--hidden-size", "8"]
        let programs = try (0..<4).map { _ in try ProgramRun.startOnRanks(1, "rnntrain", small, folder: texts.folder) }
        let outcomes = try programs.map { try $0.end(timeLimit: 60) }
        for outcome in outcomes { #expect(outcome.status == 0, "\(outcome)") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: texts.path("runs")).sorted() == (1...4).map { "reber-\($0)" })
        for number in 1...4 { #expect(exists("runs/reber-\(number)/config.toml")) }
    }

    // MARK: Texts

    @Test("A run with relative paths of texts can be resumed from another folder")
    func elsewhere() throws {
        let relative = ["--train", "train.txt", "--valid", "./valid.txt", "--run", "run"] + Self.options
        #expect(try rnntrain(relative).status == 0)
        let elsewhere = FileManager.default.temporaryDirectory
        let outcome = try resume(run: "run", in: elsewhere)
        #expect(outcome.status == 0 && outcome.output.contains("resumed after step"), "\(outcome)")
    }

    @Test("The error for a moved text says how to give its new path, and the run resumes with it")
    func movedText() throws {
        #expect(try train(run: "run").status == 0)
        try FileManager.default.moveItem(atPath: texts.path("train.txt"), toPath: texts.path("moved.txt"))
        let missing = try resume(run: "run")
        expectRefusal(missing, status: 66, naming: "train.txt")
        #expect(missing.errors.contains("give its new path with --train"))
        let other = try resume(run: "run", ["--train", texts.path("valid.txt")])
        #expect(other.status == 65 && other.errors.contains("another text for --train"), "\(other)")
        #expect(try resume(run: "run", ["--train", "moved.txt"]).status == 0)
        #expect(try resume(run: "run", in: FileManager.default.temporaryDirectory).status == 0, "the new path is kept")
    }
}
