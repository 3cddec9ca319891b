import Foundation
import TestSupport
import Testing

/// A run whose log has a better model than its files, as after the restoration of a backup without logs, or after a kill.
@Suite("A best model that is older than the log", .serialized, .timeLimit(.minutes(Sanitizers.minutes(5))))
struct OlderBestTests {
    private let texts: TrainingFolder

    /// The files of two epochs beside the log of four.
    init() throws {
        let options = [
            "--hidden-size", "8", "--embedding-size", "8", "--batch-size", "4", "--bptt", "20", "--layers", "1",
            "--checkpoint-every", "10 steps", "--learning-rate", "0.01",
        ]
        texts = try TrainingFolder(options: options, lines: 50, validLines: 10)
        try run(texts.arguments(run: "run", ["--epochs", "2"]))
        try FileManager.default.copyItem(atPath: texts.path("run"), toPath: texts.path("backup"))
        try run(["--run", texts.path("run"), "--resume", "--epochs", "4"])
        for name in ["checkpoints", "best.safetensors"] {
            try FileManager.default.removeItem(atPath: texts.path("run/\(name)"))
            try FileManager.default.copyItem(atPath: texts.path("backup/\(name)"), toPath: texts.path("run/\(name)"))
        }
    }

    @discardableResult private func run(_ arguments: [String]) throws -> ProgramRun {
        let outcome = try ProgramRun.alone("rnntrain", arguments, folder: texts.folder)
        try #require(outcome.status == 0, "\(outcome)")
        return outcome
    }

    private func log() throws -> [String] {
        String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Removes the lines after the last validation, as if the job had been killed then.
    private func killAfterValidation() throws {
        let lines = try log()
        let last = try #require(lines.lastIndex { $0.contains(#""event":"validation""#) && $0.contains(#""best":true"#) })
        try texts.write("run/metrics.jsonl", lines[...last].joined(separator: "\n") + "\n")
    }

    private static let words = "but the log has a better validation, "

    @Test("All commands that use the model warn of the better one in the log", arguments: [false, true])
    func warning(isKilled: Bool) throws {
        if isKilled { try killAfterValidation() }
        for command in [
            ["evaluate", "--data", texts.path("valid.txt")], ["generate"], ["score", "--data", texts.path("valid.txt")],
        ] {
            let outcome = try run(command + ["--checkpoint", texts.path("run")])
            #expect(outcome.errors.contains(Self.words), "\(outcome)")
        }
        let verified = try ProgramRun.alone("rnntrain", ["verify", texts.path("run")], folder: texts.folder)
        #expect(verified.status == (isKilled ? 0 : 65), "\(verified)")
        #expect(verified.output.contains(Self.words), "\(verified)")
        let bad = verified.lines.filter { $0.hasSuffix("NOT VALID") }
        #expect(isKilled ? bad.isEmpty : bad.count == 1 && bad[0].contains("run/best.safetensors"), "\(verified)")
    }

    @Test("A run that is done before the step of the better model names it as lost")
    func doneBefore() throws {
        try killAfterValidation()
        let better = try #require(try RunLog(run: texts.path("run")).events.last?["step"])
        let resumed = try run(
            ["--run", texts.path("run"), "--resume"]
                + "--validate-every 1 --patience 2 --learning-rate 1e-9".split(separator: " ").map(String.init))
        #expect(resumed.output.contains("  lost     validation loss "), "\(resumed)")
        let end = try #require(try RunLog(run: texts.path("run")).events.last)
        #expect(end["lost_best_step"] == better && end["step"] != better, "\(end)")
    }

    @Test(
        "A best model of an older backup beside newer checkpoints and their log is the run's own: it is used, and a resume keeps it",
        arguments: [true, false])
    func alone(hasEnd: Bool) throws {
        try FileManager.default.copyItem(atPath: texts.path("backup"), toPath: texts.path("whole"))
        let resume = ["--run", texts.path("whole"), "--resume", "--epochs"]
        try run(resume + ["4"])
        // Trains on until the checkpoint of the best step, which would restore the better model, is removed.
        try run(resume + ["5", "--learning-rate", "1"])
        let older = try texts.bytes("backup/best.safetensors")
        try FileManager.default.removeItem(atPath: texts.path("whole/best.safetensors"))
        try texts.write("whole/best.safetensors", older)
        if !hasEnd {
            let lines = String(decoding: try texts.bytes("whole/metrics.jsonl"), as: UTF8.self).split(separator: "\n").dropLast()
            try texts.write("whole/metrics.jsonl", lines.map { $0 + "\n" }.joined())
        }
        let outcome = try run(["evaluate", "--data", texts.path("valid.txt"), "--checkpoint", texts.path("whole")])
        #expect(outcome.errors.contains(Self.words), "\(outcome)")
        let resumed = try run(resume + ["6", "--learning-rate", "1"])
        #expect(resumed.output.contains(" are lost; it is kept until a validation loss is lower"), "\(resumed)")
        #expect(resumed.output.contains("  lost     validation loss "), "\(resumed)")
        #expect(try texts.bytes("whole/best.safetensors") == older)
    }

    @Test(
        "Commands that use the model name the newer checkpoints that it cannot be compared with",
        arguments: ["foreign", "damaged"])
    func incomparableCheckpoint(kind: String) throws {
        // Files of two epochs, with the checkpoints of four.
        let resumed = texts.path("whole")
        try FileManager.default.copyItem(atPath: texts.path("backup"), toPath: resumed)
        try run(["--run", resumed, "--resume", "--epochs", "4"])
        for name in ["best.safetensors", "metrics.jsonl"] {
            try FileManager.default.removeItem(atPath: texts.path("whole/\(name)"))
            try FileManager.default.copyItem(atPath: texts.path("backup/\(name)"), toPath: texts.path("whole/\(name)"))
        }
        let newest = try #require(try FileManager.default.contentsOfDirectory(atPath: texts.path("whole/checkpoints")).max())
        if kind == "damaged" { try texts.write("whole/checkpoints/\(newest)", "nothing") }
        let outcome = try run(["evaluate", "--data", texts.path("valid.txt"), "--checkpoint", resumed])
        #expect(outcome.errors.contains("warning: "), "\(outcome)")
        #expect(outcome.errors.contains(newest), "\(outcome)")
    }

    @Test("A resume with the same options computes the better model again; with others, its end says that it is lost")
    func resume() throws {
        try killAfterValidation()
        try FileManager.default.copyItem(atPath: texts.path("run"), toPath: texts.path("other"))
        let resume = { (name: String, more: [String]) in
            try run(["--run", texts.path(name), "--resume", "--epochs", "4"] + more)
        }
        let same = try resume("run", [])
        #expect(same.output.contains("note: the log has a better validation, "), "\(same)")
        #expect(!same.output.contains("  lost "), "\(same)")
        let after = try run(["evaluate", "--data", texts.path("valid.txt"), "--checkpoint", texts.path("run")])
        #expect(!after.errors.contains(Self.words), "\(after)")
        let other = try resume("other", ["--learning-rate", "0.0001"])
        #expect(other.output.contains("  lost     validation loss "), "\(other)")
        let again = try run(["--run", texts.path("other"), "--resume", "--epochs", "5"])
        #expect(again.output.contains("  lost "), "\(again)")
    }
}
