import Checkpoints
import Foundation
import TestSupport
import Testing

/// The statements of several files about the best model of a run, with one file changed.
@Suite("The files of a run agree on its best model", .serialized)
struct BestComparisonTests {
    /// A run of two epochs, and runs that differ from it in one option.
    private struct Runs {
        let texts: TrainingFolder

        init() throws {
            let options = [
                "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--layers", "1",
                "--checkpoint-every", "4 steps", "--epochs", "2",
            ]
            texts = try TrainingFolder(options: options, lines: 50, validLines: 10)
            try texts.write("other-test.txt", "a b c\n")
            let runs = [
                ("own", []), ("twin", ["--validate-every", "4", "--epsilon", "0.05"]), ("fast", ["--learning-rate", "0.01"]),
                ("tested", ["--test", texts.path("other-test.txt")]), ("longer", ["--learning-rate", "0.01", "--epochs", "3"]),
            ]
            for (run, more) in runs {
                let outcome = try ProgramRun.alone("rnntrain", texts.arguments(run: run, more), folder: texts.folder)
                try #require(outcome.status == 0, "\(outcome)")
            }
        }
    }

    nonisolated(unsafe) private static let runs = Result { try Runs() }  // the suite is serialized
    private let texts: TrainingFolder
    private var best: String { texts.path("run/best.safetensors") }

    /// A copy of the run, in `run`.
    init() throws {
        texts = try Self.runs.get().texts
        try restore()
    }

    private func restore() throws {
        try? FileManager.default.removeItem(atPath: texts.path("run"))
        try FileManager.default.copyItem(atPath: texts.path("own"), toPath: texts.path("run"))
    }

    private func rnntrain(_ arguments: String...) throws -> ProgramRun {
        try ProgramRun.alone("rnntrain", arguments, folder: texts.folder)
    }

    private func expectInvalid(_ file: String, _ words: String, status: Int32 = 65, location: SourceLocation = #_sourceLocation)
        throws
    {
        let outcome = try rnntrain("verify", texts.path("run"))
        #expect(outcome.status == status && outcome.errors.contains(words), "\(outcome)", sourceLocation: location)
        let bad = outcome.lines.filter { $0.hasSuffix("NOT VALID") }
        #expect(bad.count == 1 && bad[0].contains("run/\(file)"), "\(outcome)", sourceLocation: location)
    }

    /// Expects that no command accepts the file as the best model of the run.
    private func expectRefused(_ words: String, location: SourceLocation = #_sourceLocation) throws {
        try expectInvalid("best.safetensors", words, location: location)
        for command in [
            ["evaluate", "--data", texts.path("valid.txt")], ["generate"], ["score", "--data", texts.path("valid.txt")],
        ] {
            let outcome = try ProgramRun.alone("rnntrain", command + ["--checkpoint", texts.path("run")], folder: texts.folder)
            #expect(outcome.status == 65 && outcome.errors.contains(words), "\(outcome)", sourceLocation: location)
        }
        let resumed = try rnntrain("--run", texts.path("run"), "--resume")
        #expect(resumed.status == 0 && resumed.output.contains(words), "\(resumed)", sourceLocation: location)
        #expect(
            resumed.output.contains("are lost") || resumed.output.contains("was written again"), "\(resumed)",
            sourceLocation: location)
    }

    /// Puts a file of another run into the run, without its identity, as by a program before 0.2.
    private func takeWithoutIdentity(_ file: String, of name: String) throws {
        try CheckpointForgery.write(
            texts.path("\(name)/\(file)"), to: texts.path("run/\(file)"), texts: { $0["run_identity"] = nil })
    }

    @Test("The best model of another run with the same seed is rejected", arguments: ["twin", "fast"])
    func otherRun(name: String) throws {
        try takeWithoutIdentity("best.safetensors", of: name)
        try expectRefused("best.safetensors disagrees with ")
        try restore()
        try takeWithoutIdentity("best.safetensors", of: "fast")
        try FileManager.default.removeItem(atPath: texts.path("run/metrics.jsonl"))
        try expectRefused("its validation loss ")
    }

    @Test("A best model of another run is rejected, although its step is later than all that the run has made")
    func laterStep() throws {
        try texts.write("run/best.safetensors", try texts.bytes("longer/best.safetensors"))
        try expectRefused("its run_identity is ")
        try restore()
        try texts.write("run/best.safetensors", try texts.bytes("longer/best.safetensors"))
        try FileManager.default.removeItem(atPath: texts.path("run/metrics.jsonl"))
        try expectRefused("its run_identity is different")
    }

    @Test(
        "The best model of a copy of the run, continued with another rate, is rejected; with the same options it is the run's own"
    )
    func continuedCopy() throws {
        func continueCopy(_ more: [String]) throws {
            try? FileManager.default.removeItem(atPath: texts.path("copy"))
            try FileManager.default.copyItem(atPath: texts.path("own"), toPath: texts.path("copy"))
            let arguments = ["--run", texts.path("copy"), "--resume", "--epochs", "4"]
            try #require(try ProgramRun.alone("rnntrain", arguments + more, folder: texts.folder).status == 0)
            try texts.write("run/best.safetensors", try texts.bytes("copy/best.safetensors"))
        }
        try continueCopy([])
        #expect(try rnntrain("verify", texts.path("run")).status == 0)
        try continueCopy(["--learning-rate", "0.02"])
        try expectRefused("of a continued copy of the run: its learning-rate is 0.02")
    }

    @Test("Checkpoints of another run are rejected, although its log has nothing of their steps")
    func laterCheckpoint() throws {
        let name = texts.checkpoint(run: "longer", step: try #require(texts.checkpointSteps(run: "longer").last))
        try texts.write(name.replacing("longer/", with: "run/"), try texts.bytes(name))
        let resumed = try rnntrain("--run", texts.path("run"), "--resume")
        #expect(resumed.status == 0 && resumed.errors.contains("its run_identity is "), "\(resumed)")
        let end = { (run: String) in
            try texts.bytes("\(run)/metrics.jsonl").split(separator: 10).last.map { String(decoding: $0, as: UTF8.self) }
        }
        let digest = { (line: String?) in line?.firstMatch(of: /"parameters_digest":"([0-9a-f]+)"/)?.1 }
        #expect(try digest(end("run")) == digest(end("own")))
    }

    @Test("The files of a run keep one identity when it is resumed, restarted or copied")
    func identity() throws {
        let identities = {
            Set(try log().compactMap { $0.firstMatch(of: /"run_identity":"([0-9a-f]{16})"/).map { String($0.1) } })
        }
        let first = try identities()
        #expect(first.count == 1)
        try FileManager.default.removeItem(atPath: texts.path("run/checkpoints"))
        #expect(try rnntrain("--run", texts.path("run"), "--resume").status == 0)
        #expect(try identities() == first)
        #expect(try SafetensorsReader(path: best).metadata["run_identity"].map { [$0] } == Array(first))
    }

    @Test("A best model that was forged together with a line of the log contradicts the checkpoints")
    func forgedPair() throws {
        let validation = try #require(try log().last { $0.contains(#""event":"validation""#) })
        try CheckpointForgery.changeParameters(of: best)
        try CheckpointForgery.changeLosses(of: best)
        let digest = try #require(try rnntrain("verify", best).output.firstMatch(of: /parameters ([0-9a-f]{16})/)?.1)
        let step = try SafetensorsReader(path: best).metadata["state"]?.firstMatch(of: /"step":([0-9]+)/)?.1
        let forged = validation.replacing(/"step":[0-9]+/, with: "\"step\":\(step ?? "")")
            .replacing(/"loss":[0-9.]+/, with: "\"loss\":0.5").replacing(
                /"perplexity":[0-9.]+/, with: "\"perplexity\":1.6487212707001282"
            )
            .replacing("\"best\":false", with: "\"best\":true")
            .replacing(/"parameters_digest":"[0-9a-f]+/, with: "\"parameters_digest\":\"\(digest)")
        // Without checksums, which would also show the forgery.
        let lines = try (log() + [forged]).map { $0.replacing(/,"checksum":"[0-9a-f]+"/, with: "") }
        try texts.write("run/metrics.jsonl", lines.joined(separator: "\n") + "\n")
        try expectRefused("but ")
    }

    private func log() throws -> [String] {
        String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("A changed or removed line of the log is reported, and lines in another form")
    func changedLine() throws {
        let lines = try log()
        let end = try #require(lines.last)
        let changed = end.replacing(/"test_loss":[0-9.]+/, with: "\"test_loss\":0.5")
            .replacing(/"test_perplexity":[0-9.]+/, with: "\"test_perplexity\":1.6487212707001282")
        let validation = try #require(lines.lastIndex { $0.contains(#""event":"validation""#) })
        let without = Array(lines[..<validation] + lines[(validation + 1)...])
        let converted = [lines.map { $0 + "\r" }, lines.map { $0.replacing(",\"", with: ", \"").replacing("\":", with: "\": ") }]
        let logs = [(lines.dropLast() + [changed], lines.count, ""), (without, validation + 1, "")]
        for (log, line, reason) in logs + converted.map({ ($0, 1, "not at its end") }) {
            try restore()
            try texts.write("run/metrics.jsonl", log.joined(separator: "\n") + "\n")
            let words = "run/metrics.jsonl: line \(line) is not as it was written: its checksum is \(reason)"
            try expectInvalid("metrics.jsonl", words)
            for command in [
                ["evaluate", "--data", texts.path("valid.txt")], ["generate"], ["score", "--data", texts.path("valid.txt")],
            ] {
                let outcome = try ProgramRun.alone(
                    "rnntrain", command + ["--checkpoint", texts.path("run")], folder: texts.folder)
                #expect(outcome.status == 0 && outcome.errors.contains(words), "\(outcome)")
            }
            let resumed = try rnntrain("--run", texts.path("run"), "--resume")
            #expect(resumed.status == 0 && resumed.errors.contains(words), "\(resumed)")
        }
    }

    @Test("A log that cannot be read is reported")
    func unreadableLog() throws {
        let fault = [
            "RNNTRAIN_FAULT": "\(EACCES)", "RNNTRAIN_FAULT_CALL": "1", "RNNTRAIN_FAULT_FOLDER": texts.path("run/metrics.jsonl"),
            "LD_PRELOAD": Sanitizers.plainFaultLibrary ?? ProgramRun.buildFolder.appending(path: "libfile-faults.so").path,
        ]
        let outcome = try ProgramRun.alone(
            "rnntrain", ["evaluate", "--data", texts.path("valid.txt"), "--checkpoint", texts.path("run")], environment: fault,
            folder: texts.folder)
        #expect(outcome.status == 0 && outcome.errors.contains("run/metrics.jsonl"), "\(outcome)")
        #expect(outcome.errors.contains("The checkpoints are not compared with it."), "\(outcome)")
    }

    @Test("A changed last line of the log is reported")
    func end() throws {
        let last = try #require(try log().last)
        let changes: [(Regex<Substring>, String, String)] = [
            (/"test_loss":[0-9]/, #""test_loss":1"#, "test_perplexity is "),
            (/"best_loss":[0-9]/, #""best_loss":1"#, "best_perplexity is "),
            (/"best_step":[0-9]/, #""best_step":9"#, "its last line has the best model of step "),
            (/"best_parameters_digest":"./, #""best_parameters_digest":"x"#, "its last line has the best model of step "),
            (/,"parameters_digest":"./, #","parameters_digest":"x"#, "its parameters have the digest x"),
            (/"step":[0-9]/, #""step":9"#, "its step is 9"), (/"epoch":/, #""step":1,"epoch":"#, "it has the key 'step' twice"),
        ]
        for (pattern, text, words) in changes {
            try restore()
            let changed = last.replacing(pattern, with: text, maxReplacements: 1)
            try texts.write("run/metrics.jsonl", (try log().dropLast() + [changed]).joined(separator: "\n") + "\n")
            try expectInvalid("metrics.jsonl", words)
        }
    }

    @Test("A token file of another text is reported")
    func foreignTokens() throws {
        try texts.write("run/data/test.tokens", try texts.bytes("tested/data/test.tokens"))
        try expectInvalid("data/test.tokens", "the digest of its text is ")
    }

    @Test("A checkpoint with another test text is reported")
    func testText() throws {
        let name = texts.checkpoint(run: "run", step: try #require(texts.checkpointSteps(run: "run").last))
        try takeWithoutIdentity(String(name.dropFirst(4)), of: "tested")
        try expectInvalid(String(name.dropFirst(4)), "the digest of its text of --test is ")
    }

    @Test("A link, a folder or a pipe in place of a file of the run is reported with status 74")
    func kinds() throws {
        for name in ["best.safetensors", "config.toml", "data/stamps.json", "data", "lock", "checkpoints"] {
            try restore()
            let path = texts.path("run/\(name)")
            try? FileManager.default.removeItem(atPath: texts.path("moved"))
            try FileManager.default.moveItem(atPath: path, toPath: texts.path("moved"))
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: texts.path("moved"))
            try expectInvalid(name, "is a symbolic link", status: 74)
            try FileManager.default.removeItem(atPath: path)
            if name == "data" || name == "checkpoints" { continue }
            try #require(mkfifo(path, 0o600) == 0)
            try expectInvalid(name, "is a pipe", status: 74)
        }
    }

    @Test("A link to nothing among the checkpoints is reported with status 74")
    func danglingCheckpoint() throws {
        try restore()
        let name = "checkpoints/step-99999999.safetensors"
        try FileManager.default.createSymbolicLink(atPath: texts.path("run/\(name)"), withDestinationPath: "/nowhere/at/all")
        try expectInvalid(name, "is a symbolic link", status: 74)
    }

    @Test("A job that writes a checkpoint every 10 ms does not make its run invalid")
    func liveJob() throws {
        let job = try texts.start(
            ranks: 1, run: "live", ["--epochs", "1000000", "--checkpoint-every", "0.01 seconds", "--validate-every", "5"])
        #expect(waitFor(20) { texts.checkpointSteps(run: "live").count > 1 })
        for _ in 0..<15 {
            let outcome = try rnntrain("verify", texts.path("live"))
            #expect(outcome.status == 0, "\(outcome)")
        }
        job.send(SIGUSR1)
        #expect(try job.end(timeLimit: 30).status == 75)
    }

    // MARK: The configuration

    @Test("A changed key of config.toml is reported with both values, and a truncated number is not used")
    func changedKey() throws {
        let text = String(decoding: try texts.bytes("own/config.toml"), as: UTF8.self)
        try texts.write(
            "run/config.toml",
            text.replacing(/\ndecay = .*/, with: "\ndecay = 0.75").replacing(/\nepochs = .*/, with: "\nepochs = 3"))
        let words = ["decay was 0.5 in the checkpoint, and is now 0.75", "epochs was 2 in the checkpoint, and is now 3"]
        let verified = try rnntrain("verify", texts.path("run"))
        let resumed = try rnntrain("--run", texts.path("run"), "--resume", "--epochs", "4")
        #expect(verified.status == 0 && words.allSatisfy(verified.output.contains), "\(verified)")
        #expect(
            resumed.status == 0 && resumed.errors.contains("warning: \(texts.path("run/config.toml")): \(words[0])"), "\(resumed)"
        )
        #expect(!resumed.errors.contains("epochs"), "the command line sets it: \(resumed)")
        try restore()
        let cut = try #require(text.firstRange(of: "learning-rate = 0.00"))
        try texts.write("run/config.toml", String(text[..<cut.upperBound]))
        let completed = try rnntrain("--run", texts.path("run"), "--resume", "--epochs", "3", "--print-config")
        #expect(completed.status == 0 && completed.errors.contains("lacks learning-rate, "), "\(completed)")
        #expect(completed.output.contains("learning-rate = 0.002\n"), "\(completed)")
    }
}
