import Foundation
import TestSupport
import Testing

/// Runs with two branches of steps after the checkpoint of step 4: `first`, with checkpoints every 4 steps, and `second`, with another learning rate
/// and checkpoints every 3 steps, which began while the others of `first` were away.
@Suite("Checkpoints of two branches of a run", .serialized)
struct CheckpointAncestryTests {
    private static let options = [
        "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--layers", "1", "--cell", "elman",
        "--minimum-count", "1", "--clip", "0", "--keep", "99",
    ]
    private let texts: TrainingFolder

    init() throws { texts = try TrainingFolder(options: Self.options, lines: 50, validLines: 10) }

    @discardableResult
    private func train(_ options: String, status: Int32 = 0) throws -> ProgramRun {
        let options = options.split(separator: " ").map(String.init)
        let isNew = !FileManager.default.fileExists(atPath: texts.path("run"))
        let outcome = try ProgramRun.alone(
            "rnntrain", isNew ? texts.arguments(run: "run", options) : ["--run", texts.path("run"), "--resume"] + options,
            folder: texts.folder)
        #expect(outcome.status == status, "\(outcome)")
        return outcome
    }

    private var steps: [Int] { texts.checkpointSteps(run: "run") }

    private func move(_ steps: some Sequence<Int>, from: String = "run", to: String) throws {
        try FileManager.default.createDirectory(atPath: texts.path("\(to)/checkpoints"), withIntermediateDirectories: true)
        for step in steps {
            try FileManager.default.moveItem(
                atPath: texts.path(texts.checkpoint(run: from, step: step)),
                toPath: texts.path(texts.checkpoint(run: to, step: step)))
        }
    }

    /// Makes two runs with checkpoints of the same steps, `run` and `other`. Returns the steps, and the last one.
    private func runBesideAnother() throws -> (steps: [Int], end: Int) {
        try train("--epochs 1 --checkpoint-every 2 --learning-rate 0.1")
        try FileManager.default.moveItem(atPath: texts.path("run"), toPath: texts.path("own"))
        try train("--epochs 1 --checkpoint-every 2 --learning-rate 0.2")
        try FileManager.default.moveItem(atPath: texts.path("run"), toPath: texts.path("other"))
        try FileManager.default.moveItem(atPath: texts.path("own"), toPath: texts.path("run"))
        return (steps, try #require(steps.last))
    }

    /// Leaves the log as a kill would leave it after the last line of this event, or of this step.
    private func cutLog(afterLast text: String) throws {
        let lines = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
        let last = try #require(lines.lastIndex { $0.contains(text) })
        try texts.write("run/metrics.jsonl", lines[...last].map { $0 + "\n" }.joined())
    }

    @Test("The checkpoint from which a run continued stays its own, whatever other branches wrote")
    func ancestors() throws {
        try train("--epochs 1 --checkpoint-every 4 --learning-rate 0.1")
        let end = try #require(steps.last)
        try move(steps.filter { $0 > 4 }, to: "first")
        try train("--epochs 1 --checkpoint-every 3 --learning-rate 0.2")
        try move(steps.filter { $0 > 4 }, to: "second")
        try move([end], from: "first", to: "run")
        let third = try train("--epochs 2 --checkpoint-every 5 --learning-rate 0.3")
        #expect(third.output.contains("resumed after step \(end)") && !third.errors.contains("skipped"), "\(third)")
        let own = steps
        try move([6], from: "second", to: "run")
        let verified = try ProgramRun.alone("rnntrain", ["verify", texts.path("run")], folder: texts.folder)
        let refusal = "it is from step 6, which the run has abandoned: it continued after step 4 with other steps"
        #expect(verified.status == 65 && verified.errors.contains(refusal), "\(verified)")
        let fourth = try train("--epochs 3 --checkpoint-every 1000")
        #expect(fourth.errors.contains(refusal) && fourth.errors.components(separatedBy: "skipped").count == 2, "\(fourth)")
        #expect(steps.filter { $0 <= own.last! } == own)
    }

    @Test("A checkpoint with the parameters of an abandoned branch is not the run's own, although the log has its step")
    func restored() throws {
        try train("--epochs 1 --checkpoint-every 2 --learning-rate 0.1")
        try move(steps.filter { $0 > 4 }, to: "first")
        try train("--epochs 1 --checkpoint-every 2 --learning-rate 0.2")
        try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: 6)))
        try move([6], from: "first", to: "run")
        let outcome = try train("--epochs 2")
        #expect(outcome.errors.contains("step 6, which the run has abandoned: it continued after step 4"), "\(outcome)")
    }

    @Test("Of a checkpoint older than the one from which the run continues, identity and digest count, too")
    func foreign() throws {
        let (own, end) = try runBesideAnother()
        try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: 2)))
        try move([2], from: "other", to: "run")
        let outcome = try train("--epochs 2")
        #expect(outcome.output.contains("resumed after step \(end)"), "\(outcome)")
        #expect(outcome.errors.contains("its run_identity is ") && outcome.errors.contains("The file is now "), "\(outcome)")
        #expect(steps.filter { $0 <= end } == own.filter { $0 != 2 })
    }

    @Test("A checkpoint with damaged data does not decide which branch is the run's")
    func damaged() throws {
        try train("--epochs 1 --checkpoint-every 4 --learning-rate 0.1")
        let end = try #require(steps.last)
        try move(steps.filter { $0 > 4 }, to: "first")
        try train("--epochs 1 --checkpoint-every 5 --learning-rate 0.2")
        let second = texts.checkpoint(run: "run", step: 5)
        try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: end)))
        var bytes = try texts.bytes(second)
        bytes[bytes.count - 3] ^= 1
        try texts.write(second, bytes)
        try move([end], from: "first", to: "run")
        let outcome = try train("--epochs 2")
        #expect(outcome.output.contains("resumed after step \(end)"), "\(outcome)")
    }

    @Test("Without the log, a newer checkpoint of another run does not take the names of the run's own ones")
    func withoutLog() throws {
        let (own, end) = try runBesideAnother()
        for file in [texts.checkpoint(run: "run", step: end), "run/metrics.jsonl", "run/best.safetensors"] {
            try FileManager.default.removeItem(atPath: texts.path(file))
        }
        try move([end], from: "other", to: "run")
        let verified = try ProgramRun.alone("rnntrain", ["verify", texts.path("run")], folder: texts.folder)
        #expect(verified.status == 65 && verified.errors.contains("its run_identity is different"), "\(verified)")
        let outcome = try train("--epochs 2 --keep 99")
        #expect(outcome.errors.contains("its run_identity is different"), "\(outcome)")
        #expect(steps.filter { $0 <= end } == own)
    }

    @Test(
        "A checkpoint that the log has lost, or that is of a copy, is used with a warning, also after a branch with later steps",
        arguments: ["start", "resume"])
    func doubtful(lastLine: String) throws {
        try train("--epochs 1 --checkpoint-every 4 --learning-rate 0.1")
        try move(steps.filter { $0 > 4 }, to: "first")
        try train("--epochs 1 --checkpoint-every 6 --learning-rate 0.2")
        try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: try #require(steps.last))))
        try FileManager.default.removeItem(atPath: texts.path("run/best.safetensors"))
        try cutLog(afterLast: "\"event\":\"\(lastLine)\"")
        let verified = try ProgramRun.alone("rnntrain", ["verify", texts.path("run")], folder: texts.folder)
        let doubt = "it is from step 6, but the log ends at step \(lastLine == "start" ? 0 : 4)"
        #expect(verified.status == 0 && verified.output.contains(doubt), "\(verified)")
        let outcome = try train("--epochs 1")
        #expect(outcome.output.contains("resumed after step 6") && outcome.errors.contains(doubt), "\(outcome)")
    }

    @Test("A checkpoint after the end of the last job is of a copy, also if an earlier job got further")
    func afterEnd() throws {
        try train("--epochs 2 --checkpoint-every 4 --learning-rate 0.1 --log-every 1 --validate-every 1000")
        // As after a kill: a log without an end.
        try cutLog(afterLast: "\"event\":\"step\"")
        try FileManager.default.copyItem(atPath: texts.path("run"), toPath: texts.path("copy"))
        try move(steps.filter { $0 > 4 }, to: "first")
        try train("--epochs 1")
        let end = try #require(steps.last)
        try FileManager.default.moveItem(atPath: texts.path("run"), toPath: texts.path("own"))
        try FileManager.default.moveItem(atPath: texts.path("copy"), toPath: texts.path("run"))
        try move(steps.filter { $0 > 4 }, to: "other")
        try train("--epochs 2 --learning-rate 0.2 --checkpoint-every 3")
        try FileManager.default.moveItem(atPath: texts.path("run"), toPath: texts.path("copy"))
        try FileManager.default.moveItem(atPath: texts.path("own"), toPath: texts.path("run"))
        let foreign = try #require(texts.checkpointSteps(run: "copy").first { $0 > end && $0 % 4 != 0 })
        try move([foreign], from: "copy", to: "run")
        let outcome = try train("--epochs 2")
        #expect(outcome.output.contains("resumed after step \(end)"), "\(outcome)")
        #expect(outcome.errors.contains("step \(foreign), but by the log the last job ended after step \(end)"), "\(outcome)")
    }

    @Test("Without checkpoints, a best model of another run is kept under another name, and the run starts again")
    func foreignBest() throws {
        try train("--epochs 1 --seed 1")
        try FileManager.default.moveItem(atPath: texts.path("run"), toPath: texts.path("own"))
        try train("--epochs 1 --seed 2")
        try texts.write("own/best.safetensors", texts.bytes("run/best.safetensors"))
        try FileManager.default.removeItem(atPath: texts.path("run"))
        try FileManager.default.moveItem(atPath: texts.path("own"), toPath: texts.path("run"))
        try FileManager.default.removeItem(atPath: texts.path("run/checkpoints"))
        let outcome = try train("--epochs 1")
        #expect(outcome.output.contains("best-unused.safetensors") && outcome.output.contains("done: 1 epoch"), "\(outcome)")
    }

    @Test(
        "A lost best model is written again from the checkpoint of the run, although the log has a better one of an abandoned branch"
    )
    func lostBest() throws {
        try train("--epochs 1 --checkpoint-every 4 --learning-rate 0.05")
        try move(steps.filter { $0 > 4 }, to: "first")
        let kept = try train("--epochs 1 --learning-rate 1e-9")
        try #require(kept.output.contains("  kept  "), "\(kept)")
        try FileManager.default.removeItem(atPath: texts.path("run/best.safetensors"))
        let outcome = try train("--epochs 2 --learning-rate 1e-9 --validate-every 1000 --time-limit 1h")
        #expect(outcome.output.contains("It was written again from the checkpoint of the best validation"), "\(outcome)")
        let verified = try ProgramRun.alone("rnntrain", ["verify", texts.path("run")], folder: texts.folder)
        #expect(verified.status == 0, "\(verified)")
    }

    @Test(
        "A best model that was written again stays the run's without the checkpoints that name it, and the notes about it are right"
    )
    func remadeBest() throws {
        try train("--epochs 1 --checkpoint-every 4 --learning-rate 0.05")
        try move(steps.filter { $0 > 4 }, to: "first")
        try train("--epochs 1 --learning-rate 1e-9")
        try FileManager.default.removeItem(atPath: texts.path("run/best.safetensors"))
        let again = try train("--epochs 1")
        #expect(again.output.contains("It was written again") && !again.errors.contains("computes them again"), "\(again)")
        let best = try texts.bytes("run/best.safetensors")
        let whole = try ProgramRun.alone("rnntrain", ["verify", texts.path("run")], folder: texts.folder)
        #expect(whole.output.contains("of steps that the run has abandoned; its parameters are lost"), "\(whole)")
        for last in [4, -1] {
            try move(steps.filter { $0 > last }, to: "away\(last)")
            let verified = try ProgramRun.alone("rnntrain", ["verify", texts.path("run")], folder: texts.folder)
            #expect(verified.status == 0 || steps.isEmpty, "\(verified)")
            let evaluated = try ProgramRun.alone(
                "rnntrain", ["evaluate", "--checkpoint", texts.path("run"), "--data", texts.path("valid.txt")],
                folder: texts.folder)
            #expect(evaluated.status == 0, "\(evaluated)")
        }
        try train("--epochs 1 --learning-rate 1e-9")
        #expect(try texts.bytes("run/best.safetensors") == best)
    }

    @Test("A lost best model is written again also if the log ends in the branch of the better one")
    func lostBestOfReturn() throws {
        try train("--epochs 1 --checkpoint-every 4 --learning-rate 0.05")
        let end = try #require(steps.last)
        try move(steps.filter { $0 > 4 }, to: "first")
        try train("--epochs 1 --learning-rate 1e-9")
        try move(steps.filter { $0 > 4 }, to: "second")
        try move([end], from: "first", to: "run")
        try train("--epochs 2 --learning-rate 1e-9")
        try move(steps.filter { $0 > 4 }, to: "third")
        try move([end], from: "second", to: "run")
        try FileManager.default.removeItem(atPath: texts.path("run/best.safetensors"))
        let outcome = try train("--epochs 2 --learning-rate 1e-9")
        #expect(outcome.output.contains("It was written again from the checkpoint of the best validation"), "\(outcome)")
    }

    @Test("A job does not overwrite a checkpoint that it did not use, because the log has lost its line")
    func replaced() throws {
        try train("--epochs 1 --checkpoint-every 4 --learning-rate 0.1")
        let end = try #require(steps.last)
        let file = texts.checkpoint(run: "run", step: end)
        let bytes = try texts.bytes(file)
        let lines = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
        let lost = try #require(lines.lastIndex { $0.contains("\"event\":\"checkpoint\"") })
        try texts.write("run/metrics.jsonl", (lines[..<lost] + lines[(lost + 1)...]).map { $0 + "\n" }.joined())
        let log = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self)
        try texts.write("run/metrics.jsonl", log.replacing("\"step\":\(end),\"epoch\"", with: "\"step\":\(end + 1),\"epoch\""))
        let outcome = try train("--epochs 1 --learning-rate 0.2")
        try #require(outcome.output.contains("resumed after step 4"), "\(outcome)")
        #expect(outcome.errors.contains("the run now has another checkpoint of this step"), "\(outcome)")
        #expect(try texts.bytes(file.replacing("/step-", with: "/unused-step-")) == bytes)
    }

    @Test("The best model of an abandoned branch is not the run's, although no step before it is repeated")
    func best() throws {
        try train("--epochs 1 --checkpoint-every 4 --learning-rate 0.002")
        let end = try #require(steps.last)
        try move(steps.filter { $0 > 4 }, to: "first")
        try FileManager.default.removeItem(atPath: texts.path("run/best.safetensors"))
        try train("--epochs 1 --checkpoint-every 1000 --learning-rate 0.05")
        // As after a kill before the checkpoint of the end.
        for step in steps where step > 4 {
            try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: step)))
        }
        try cutLog(afterLast: "\"event\":\"validation\"")
        try move([end], from: "first", to: "run")
        let outcome = try train("--epochs 2 --learning-rate 1e-9")
        #expect(outcome.output.contains("resumed after step \(end)") && outcome.output.contains("  kept  "), "\(outcome)")
        #expect(try RunLog(run: texts.path("run")).events.last?["best_is_abandoned"] == "true")
    }
}
