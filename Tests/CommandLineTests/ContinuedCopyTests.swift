import Foundation
import TestSupport
import Testing

@Suite("Files of a copy of a run that was continued", .serialized)
struct ContinuedCopyTests {
    private let texts: TrainingFolder

    /// A run of two epochs.
    nonisolated(unsafe) private static let original = Result { () throws -> TrainingFolder in
        let options = [
            "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--layers", "1",
            "--checkpoint-every", "4 steps",
        ]
        let texts = try TrainingFolder(options: options, lines: 50, validLines: 10)
        let outcome = try ProgramRun.alone("rnntrain", texts.arguments(run: "own", ["--epochs", "2"]), folder: texts.folder)
        try #require(outcome.status == 0, "\(outcome)")
        return texts
    }

    /// A copy of the run, in `run`.
    init() throws {
        texts = try Self.original.get()
        try restore()
    }

    private func restore(_ copy: String = "run") throws {
        try? FileManager.default.removeItem(atPath: texts.path(copy))
        try FileManager.default.copyItem(atPath: texts.path("own"), toPath: texts.path(copy))
    }

    private func rnntrain(_ arguments: String...) throws -> ProgramRun {
        try ProgramRun.alone("rnntrain", arguments, folder: texts.folder)
    }

    private func expectInvalid(_ file: String, _ words: String, location: SourceLocation = #_sourceLocation) throws {
        let outcome = try rnntrain("verify", texts.path("run"))
        #expect(outcome.status == 65 && outcome.errors.contains(words), "\(outcome)", sourceLocation: location)
        let bad = outcome.lines.filter { $0.hasSuffix("NOT VALID") }
        #expect(bad.count == 1 && bad[0].contains("run/\(file)"), "\(outcome)", sourceLocation: location)
    }

    /// The directory of a copy of the run that was continued to epoch 4, in the middle with another learning rate. Its last configuration is
    /// that of the run.
    private func continuedCopy(learningRate: String) throws -> (run: String, steps: [Int]) {
        let path = texts.path("copy")
        try restore("copy")
        for (rate, epochs) in [(learningRate, "3"), ("0.002", "4")] {
            let outcome = try rnntrain("--run", path, "--resume", "--epochs", epochs, "--learning-rate", rate)
            try #require(outcome.status == 0, "\(outcome)")
        }
        return (path, texts.checkpointSteps(run: "copy"))
    }

    /// Continues the run to epoch 4, and expects the best model of an undisturbed run.
    private func expectOwnBest(says words: String, location: SourceLocation = #_sourceLocation) throws {
        try restore("plain")
        let ends = try ["plain", "run"].map { run in
            let resumed = try rnntrain("--run", texts.path(run), "--resume", "--epochs", "4")
            #expect(resumed.status == 0, "\(resumed)", sourceLocation: location)
            #expect((resumed.output + resumed.errors).contains(words) == (run == "run"), "\(resumed)", sourceLocation: location)
            return try #require(try RunLog(run: texts.path(run)).events.last)
        }
        for key in ["best_step", "best_loss", "best_parameters_digest", "parameters_digest"] {
            #expect(ends[0][key] != nil && ends[0][key] == ends[1][key], "\(key)", sourceLocation: location)
        }
        let verified = try rnntrain("verify", texts.path("run"))
        #expect(verified.status == 0, "\(verified)", sourceLocation: location)
    }

    @Test(
        "The best model of a copy that was continued is not used on resume, also if only its history differs, nor without log and checkpoints"
    )
    func bestOfCopy() throws {
        let copy = try continuedCopy(learningRate: "0.02")
        try texts.write("run/best.safetensors", try texts.bytes("copy/best.safetensors"))
        let verified = try rnntrain("verify", texts.path("run"))
        #expect(verified.output.contains("after its end: the file may be from a copy of the run"), "\(verified)")
        try expectOwnBest(says: "best.safetensors is not used: it is from step \(try #require(copy.steps.last))")
        try restore()
        try texts.write("run/best.safetensors", try texts.bytes("copy/best.safetensors"))
        for name in ["checkpoints", "metrics.jsonl"] { try FileManager.default.removeItem(atPath: texts.path("run/\(name)")) }
        try expectOwnBest(says: "best.safetensors is not used")
    }

    @Test("A checkpoint of a copy that was continued is rejected if it is after the end of the log, or the log passes its step")
    func checkpointOfCopy() throws {
        let last = try #require(texts.checkpointSteps(run: "own").last)
        let later = texts.checkpoint(run: "copy", step: try #require(continuedCopy(learningRate: "0.02").steps.last))
        try texts.write(later.replacing("copy/", with: "run/"), try texts.bytes(later))
        let name = try #require(later.split(separator: "/").last)
        try expectInvalid("checkpoints/\(name)", "by the log the last job ended after step \(last)")
        try expectOwnBest(says: "by the log the last job ended after step \(last)")
        let step = (last - 1) % 4 == 0 ? last - 2 : last - 1
        // A copy that is started again from step 0 with another interval of checkpoints.
        try restore()
        try restore("copy")
        try FileManager.default.removeItem(atPath: texts.path("copy/checkpoints"))
        let outcome = try rnntrain("--run", texts.path("copy"), "--resume", "--checkpoint-every", "\(step) steps", "--keep", "9")
        try #require(outcome.status == 0, "\(outcome)")
        let between = texts.checkpoint(run: "copy", step: step)
        try texts.write(between.replacing("copy/", with: "run/"), try texts.bytes(between))
        try expectInvalid(
            "checkpoints/\(between.split(separator: "/").last ?? "")", "the log has later steps and no checkpoint of this one")
    }

    @Test("A checkpoint that is later than a log without an end is used with a warning")
    func laterThanLog() throws {
        let log = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self)
        let resume = log.split(separator: "\n").prefix { !$0.contains(#""event":"validation""#) }
        try texts.write("run/metrics.jsonl", resume.map { $0 + "\n" }.joined())
        let words = "the log ends at step "
        let verified = try rnntrain("verify", texts.path("run"))
        #expect(verified.status == 0 && verified.output.contains(words), "\(verified)")
        let resumed = try rnntrain("--run", texts.path("run"), "--resume")
        #expect(resumed.status == 0 && resumed.errors.contains(words), "\(resumed)")
    }

    @Test(
        "A best model that is worse than the newest checkpoint knows is used with a warning, also if the log has lost the better line"
    )
    func olderBest() throws {
        let continued = try rnntrain("--run", texts.path("run"), "--resume", "--epochs", "4")
        try #require(continued.status == 0, "\(continued)")
        let lines = String(decoding: try texts.bytes("own/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
        try texts.write("run/metrics.jsonl", lines.dropLast().map { $0 + "\n" }.joined())
        try texts.write("run/best.safetensors", try texts.bytes("own/best.safetensors"))
        for command in [["verify"], ["evaluate", "--data", texts.path("valid.txt"), "--checkpoint"]] {
            let outcome = try ProgramRun.alone("rnntrain", command + [texts.path("run")], folder: texts.folder)
            let words = "but the newest checkpoint has a better one, "
            #expect(outcome.status == 0 && (outcome.output + outcome.errors).contains(words), "\(outcome)")
        }
    }

    @Test("A log that has lost its last lines is not foreign because of a best model of another run")
    func lostLines() throws {
        let other = try ProgramRun.alone("rnntrain", texts.arguments(run: "other", ["--epochs", "1"]), folder: texts.folder)
        try #require(other.status == 0, "\(other)")
        let lines = String(decoding: try texts.bytes("own/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
        let kept = lines.prefix { !$0.contains("\"event\":\"validation\"") }
        try texts.write("run/metrics.jsonl", kept.map { $0 + "\n" }.joined())
        try texts.write("run/best.safetensors", try texts.bytes("other/best.safetensors"))
        try expectInvalid("best.safetensors", "run_identity is ")
    }

    @Test("A checkpoint that only the log has is reported by verify")
    func earlierThanLog() throws {
        let steps = texts.checkpointSteps(run: "run")
        let last = try #require(steps.last)
        try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: last)))
        let verified = try rnntrain("verify", texts.path("run"))
        #expect(verified.status == 0 && verified.output.contains("there was a checkpoint after step \(last)"), "\(verified)")
        #expect(verified.output.contains("A resume repeats the steps after step \(steps[steps.count - 2])"), "\(verified)")
    }

    @Test(
        "Without checkpoints, a resume refuses other options and texts, which would replace the best model, as it does with them")
    func withoutCheckpoints() throws {
        try FileManager.default.removeItem(atPath: texts.path("run/checkpoints"))
        let best = try texts.bytes("run/best.safetensors")
        let options = try rnntrain("--run", texts.path("run"), "--resume", "--hidden-size", "8", "--seed", "7")
        #expect(
            options.status == 64 && options.errors.contains("cannot change --hidden-size from 4 to 8; --seed from 1 to 7"),
            "\(options)")
        let text = try rnntrain("--run", texts.path("run"), "--resume", "--train", texts.path("valid.txt"))
        #expect(text.status == 65 && text.errors.contains("the run was started with another text for --train"), "\(text)")
        #expect(try texts.bytes("run/best.safetensors") == best)
        let resumed = try rnntrain("--run", texts.path("run"), "--resume")
        #expect(resumed.status == 0, "\(resumed)")
    }
}
