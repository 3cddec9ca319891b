import Foundation
import TestSupport
import Testing

@Suite("Checkpoints that a resume passes over", .serialized)
struct PassedOverCheckpointTests {
    private static let options = [
        "--hidden-size", "4", "--embedding-size", "4", "--batch-size", "4", "--bptt", "20", "--layers", "1", "--cell", "elman",
        "--nonlinearity", "relu", "--optimizer", "sgd", "--clip", "0", "--max-bad-steps", "3", "--learning-rate", "0.1",
    ]
    private let texts: TrainingFolder

    init() throws { texts = try TrainingFolder(options: Self.options, lines: 50, validLines: 10) }

    @discardableResult
    private func train(_ run: String, status: Int32 = 0, _ options: String...) throws -> ProgramRun {
        let isNew = !FileManager.default.fileExists(atPath: texts.path(run))
        let outcome = try ProgramRun.alone(
            "rnntrain", isNew ? texts.arguments(run: run, options) : ["--run", texts.path(run), "--resume"] + options,
            folder: texts.folder)
        #expect(outcome.status == status, "\(outcome)")
        return outcome
    }

    private func move(_ steps: some Sequence<Int>, from: String, to: String) throws {
        try FileManager.default.createDirectory(atPath: texts.path("\(to)/checkpoints"), withIntermediateDirectories: true)
        for step in steps {
            try FileManager.default.moveItem(
                atPath: texts.path(texts.checkpoint(run: from, step: step)),
                toPath: texts.path(texts.checkpoint(run: to, step: step)))
        }
    }

    /// A run of one epoch with a checkpoint of a later step from a copy of the run, which was continued with other options.
    private func runWithForeignCheckpoint() throws -> (own: Int, foreign: Int) {
        try train("run", "--epochs", "1", "--checkpoint-every", "1000 steps")
        let last = try #require(texts.checkpointSteps(run: "run").last)
        try FileManager.default.copyItem(atPath: texts.path("run"), toPath: texts.path("copy"))
        try train("copy", "--epochs", "2", "--learning-rate", "0.2", "--checkpoint-every", "\(last + 2) steps", "--keep", "9")
        try move([last + 2], from: "copy", to: "run")
        return (last, last + 2)
    }

    private func aside(_ step: Int) -> String {
        texts.path(texts.checkpoint(run: "run", step: step)).replacing("/step-", with: "/unused-step-")
    }

    @Test("They get another name, and are not used by a job after one that was killed")
    func renamed() throws {
        let (own, foreign) = try runWithForeignCheckpoint()
        let bytes = try texts.bytes(texts.checkpoint(run: "run", step: foreign))
        let log = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self)
        let outcome = try train("run", "--epochs", "3", "--checkpoint-every", "1000 steps")
        #expect(outcome.errors.contains("The file is now \(aside(foreign))"), "\(outcome)")
        #expect(texts.checkpointSteps(run: "run").contains(foreign) == false)
        #expect(try Data(contentsOf: URL(filePath: aside(foreign))) == Data(bytes))
        // As after a kill before the first checkpoint.
        let resumed = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self).dropFirst(log.count)
        try texts.write("run/metrics.jsonl", log + (try #require(resumed.split(separator: "\n").first)) + "\n")
        for step in texts.checkpointSteps(run: "run") where step > own {
            try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: step)))
        }
        let next = try train("run", "--epochs", "3", "--checkpoint-every", "1000 steps")
        #expect(next.output.contains("resumed after step \(own)") && !next.errors.contains("skipped"), "\(next)")
    }

    @Test("Lines of steps show that the log goes on after a step without a checkpoint")
    func laterSteps() throws {
        let (own, foreign) = try runWithForeignCheckpoint()
        try move([foreign], from: "run", to: "away")
        try train("run", "--epochs", "2", "--checkpoint-every", "1000 steps", "--log-every", "1")
        // As after a kill before the first checkpoint.
        for step in texts.checkpointSteps(run: "run") where step > own {
            try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: step)))
        }
        let lines = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
        let last = try #require(lines.lastIndex { $0.contains("\"event\":\"step\"") && $0.contains("\"step\":\(foreign + 2),") })
        try texts.write("run/metrics.jsonl", lines[...last].map { $0 + "\n" }.joined())
        try move([foreign], from: "away", to: "run")
        let outcome = try train("run", "--epochs", "2", "--checkpoint-every", "1000 steps")
        #expect(
            outcome.output.contains("resumed after step \(own)") && outcome.errors.contains("but the log has later steps"),
            "\(outcome)")
        #expect(FileManager.default.fileExists(atPath: aside(foreign)))
    }

    @Test("Older checkpoints of abandoned steps get another name, too")
    func older() throws {
        try train("run", "--epochs", "2", "--checkpoint-every", "4 steps", "--keep", "99")
        let all = texts.checkpointSteps(run: "run")
        try move(all.filter { $0 > 4 }, from: "run", to: "unreadable")
        try train("run", "--epochs", "2", "--learning-rate", "0.2", "--checkpoint-every", "5 steps", "--keep", "99")
        let end = try #require(texts.checkpointSteps(run: "run").last)
        try move([8], from: "unreadable", to: "run")
        let outcome = try train("run", "--epochs", "3")
        #expect(outcome.output.contains("resumed after step \(end)"), "\(outcome)")
        #expect(outcome.errors.contains("which the run has abandoned: it continued after step 4"), "\(outcome)")
        #expect(outcome.errors.contains("The file is now \(aside(8))"), "\(outcome)")
        #expect(!texts.checkpointSteps(run: "run").contains(8) && FileManager.default.fileExists(atPath: aside(8)))
    }

    @Test("Damaged ones get another name, too, so that verify is content with the run")
    func damaged() throws {
        try train("run", "--epochs", "1", "--checkpoint-every", "4 steps", "--keep", "99")
        let steps = texts.checkpointSteps(run: "run")
        let (last, before) = (try #require(steps.last), try #require(steps.dropLast().last))
        let file = texts.checkpoint(run: "run", step: last)
        try texts.write(file, texts.bytes(file).prefix(1000))
        let outcome = try train("run", "--epochs", "2", "--checkpoint-every", "1000 steps", "--keep", "99")
        #expect(outcome.output.contains("resumed after step \(before)"), "\(outcome)")
        #expect(outcome.errors.contains(". The file is now \(aside(last))"), "\(outcome)")
        #expect(!texts.checkpointSteps(run: "run").contains(last))
        let verified = try ProgramRun.alone("rnntrain", ["verify", texts.path("run")], folder: texts.folder)
        #expect(verified.status == 0, "\(verified)")
    }

    @Test("A log that was changed renames none: it may have to be restored")
    func changedLog() throws {
        let (own, foreign) = try runWithForeignCheckpoint()
        let log = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self)
        try texts.write("run/metrics.jsonl", log.replacing("\"event\":\"start\"", with: "\"event\":\"Start\""))
        let outcome = try train("run", "--epochs", "2", "--checkpoint-every", "1000 steps")
        #expect(
            outcome.output.contains("resumed after step \(own)") && outcome.errors.contains("warning: skipped: "), "\(outcome)")
        #expect(texts.checkpointSteps(run: "run").contains(foreign) && !outcome.errors.contains("The file is now"), "\(outcome)")
    }

    @Test("A dry run renames none")
    func dryRun() throws {
        let (own, foreign) = try runWithForeignCheckpoint()
        let outcome = try train("run", "--epochs", "2", "--dry-run")
        #expect(outcome.output.contains("skipped: ") && texts.checkpointSteps(run: "run") == [0, own, foreign], "\(outcome)")
    }

    @Test("They do not count among those that are kept")
    func pruned() throws {
        let (own, _) = try runWithForeignCheckpoint()
        let outcome = try train("run", "--epochs", "2", "--checkpoint-every", "1000 steps", "--keep", "2")
        #expect(outcome.errors.contains("warning: skipped"), "\(outcome)")
        let steps = texts.checkpointSteps(run: "run")
        let last = try #require(steps.last)
        #expect(steps == [own, last])
        let bytes = try texts.bytes(texts.checkpoint(run: "run", step: last))
        try texts.write(texts.checkpoint(run: "run", step: last), bytes.prefix(bytes.count / 2))
        #expect(try train("run").output.contains("resumed after step \(own)"))
    }

    @Test("A run that diverges does not return to them")
    func divergence() throws {
        let (own, foreign) = try runWithForeignCheckpoint()
        let outcome = try train("run", status: 64, "--epochs", "2", "--checkpoint-every", "1000 steps", "--learning-rate", "1e20")
        let all = outcome.output + outcome.errors
        #expect(all.contains("returned to the checkpoint after step \(own)"), "\(outcome)")
        #expect(!all.contains("returned to the checkpoint after step \(foreign)"), "\(outcome)")
    }

    @Test(
        "The newest checkpoint is used again if the job that could not read it has left none, also if its log says that it wrote one",
        arguments: ["resume", "checkpoint"])
    func unreadableForAMoment(lastLine: String) throws {
        try train("run", "--epochs", "2", "--checkpoint-every", "4 steps", "--keep", "99")
        let all = texts.checkpointSteps(run: "run")
        let last = try #require(all.last)
        let log = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self)
        try move([last], from: "run", to: "unreadable")
        try train("run", "--epochs", "3")
        // As after a kill before the first checkpoint is complete. The line of a checkpoint precedes the file, which is written in the background.
        let resumed = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self).dropFirst(log.count)
        let lines = resumed.split(separator: "\n")
        let end = try #require(lines.firstIndex { $0.contains("\"event\":\"\(lastLine)\"") })
        try texts.write("run/metrics.jsonl", log + lines[...end].map { $0 + "\n" }.joined())
        for step in texts.checkpointSteps(run: "run") where !all.contains(step) || step == last {
            try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: step)))
        }
        try move([last], from: "unreadable", to: "run")
        let outcome = try train("run", "--epochs", "3")
        #expect(outcome.output.contains("resumed after step \(last)") && !outcome.errors.contains("skipped"), "\(outcome)")
    }

    @Test("Those of abandoned steps do not come back when they can be read again")
    func abandoned() throws {
        try train("run", "--epochs", "2", "--checkpoint-every", "4 steps", "--keep", "99")
        let all = texts.checkpointSteps(run: "run")
        try move(all.filter { $0 > 4 }, from: "run", to: "unreadable")
        try train("run", "--epochs", "1", "--learning-rate", "0.2")
        let end = try #require(texts.checkpointSteps(run: "run").last)
        try move(all.filter { $0 > end }, from: "unreadable", to: "run")
        let verified = try ProgramRun.alone("rnntrain", ["verify", texts.path("run")], folder: texts.folder)
        #expect(
            verified.status == 65 && verified.errors.contains("which the run has abandoned: it continued after step 4"),
            "\(verified)")
        let outcome = try train("run", "--epochs", "3")
        #expect(
            outcome.output.contains("resumed after step \(end)") && outcome.errors.contains("which the run has abandoned"),
            "\(outcome)")
    }
}
