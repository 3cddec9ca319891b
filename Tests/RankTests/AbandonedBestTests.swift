import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("A best model of steps that the run abandoned", .serialized)
    struct AbandonedBestTests {
        private let texts: TrainingFolder

        init() throws { texts = try TrainingFolder(lines: 60, validLines: 20) }

        private func train(_ options: String) throws -> (run: ProgramRun, log: RunLog) {
            let run = try ProgramRun.alone(
                "rnntrain", ["--run", "run"] + options.split(separator: " ").map(String.init), folder: texts.folder)
            return (run, try RunLog(run: texts.path("run")))
        }

        @Test(
            "A checkpoint of a rule that averages is the run's own, also if an earlier job logged its step with other parameters")
        func ownCheckpoint() throws {
            let size =
                "--hidden-size 6 --embedding-size 6 --batch-size 4 --bptt 8 --minimum-count 1 --clip 0 --checkpoint-every 1h"
            let rule = "--optimizer nt-asgd --nt-asgd-interval 1 --learning-rate 10 --epochs 2 --validate-every 7"
            let first = try train("--train train.txt --valid valid.txt \(size) \(rule)")
            try #require(first.run.status == 0, "\(first.run)")
            try FileManager.default.removeItem(atPath: texts.path("run/checkpoints"))
            let second = try train("--resume --learning-rate 100 --validate-every 0")
            try #require(second.run.status == 0, "\(second.run)")
            let verified = try ProgramRun.alone("rnntrain", ["verify", "run"], folder: texts.folder)
            #expect(verified.status == 0, "\(verified)")
            let step = try #require(second.log.events.last?["step"])
            #expect(try train("--resume --epochs 3").run.output.contains("resumed after step \(step)"))
        }

        @Test(
            "A best model that the newest checkpoint names is the run's own, also if the log has lost the line of its validation")
        func lostLine() throws {
            let size =
                "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --minimum-count 1 --checkpoint-every 4 --keep 99"
            let first = try train("--train train.txt --valid valid.txt --epochs 1 " + size)
            try #require(first.run.status == 0, "\(first.run)")
            for step in texts.checkpointSteps(run: "run").filter({ $0 > 4 }) {
                try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: step)))
            }
            let second = try train("--resume --checkpoint-every 1000")
            try #require(second.run.status == 0 && !second.run.output.contains("  kept  "), "\(second.run)")
            let lines = String(decoding: try texts.bytes("run/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
            let lost = try #require(lines.lastIndex { $0.contains("\"event\":\"validation\"") })
            try texts.write("run/metrics.jsonl", lines[..<lost].map { $0 + "\n" }.joined())
            let third = try train("--resume")
            #expect(third.log.events.last?["best_step"] == third.log.events.last?["step"])
            #expect(third.run.status == 0 && !third.run.output.contains("  kept  "), "\(third.run)")
            #expect(third.log.events.last?["best_is_abandoned"] == nil)
            let verified = try ProgramRun.alone("rnntrain", ["verify", "run"], folder: texts.folder)
            #expect(verified.status == 0 && !verified.output.contains("continued from an earlier step"), "\(verified)")
        }

        @Test(
            "The end of a job says so, whether or not it tests, and whether it ends or is stopped",
            arguments: ["", " --test test.txt"])
        func everyEnd(test: String) throws {
            let size = "--hidden-size 8 --embedding-size 8 --batch-size 4 --bptt 8 --minimum-count 1"
            let first = try train("--train train.txt --valid valid.txt\(test) \(size) --learning-rate 0.1 --epochs 1 --keep 100")
            try #require(first.run.status == 0, "\(first.run)")
            #expect(first.log.events.last?["best_is_abandoned"] == nil && !first.run.output.contains("  kept  "))
            // Leaves the checkpoint of step 0 only.
            let steps = texts.checkpointSteps(run: "run").filter { $0 > 0 }
            for step in steps { try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: step))) }
            for options in ["--learning-rate 1e-9", "--epochs 100000 --time-limit 3s"] {
                let next = try train("--resume " + options)
                #expect(next.run.status == (options.hasSuffix("s") ? 75 : 0), "\(next.run)")
                #expect(
                    next.log.events.last?["best_is_abandoned"] == "true" && next.run.output.contains("  kept  "), "\(next.run)")
            }
        }
    }
}
