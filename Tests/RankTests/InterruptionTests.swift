import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// The reference is an undisturbed run.
    @Suite("An interrupted run resumes to the same bits", .serialized)
    struct InterruptionTests {
        /// 2,400 steps; a fast machine runs a thousand per second. With so many, every interruption comes before the end.
        private static let epochs = "24"
        private static let options = ["--epochs", epochs, "--checkpoint-every", "7 steps", "--validate-every", "50"]
        private static let reference = Result {
            let texts = try TrainingFolder()
            return try finished(try texts.start(ranks: 2, run: "undisturbed", options), in: texts, run: "undisturbed")
        }
        private let texts: TrainingFolder
        private let undisturbed: RunLog

        init() throws {
            texts = try TrainingFolder()
            undisturbed = try Self.reference.get()
        }

        @Test("A run resumes with another rank count after SIGKILL of a rank or of mpirun at any moment", arguments: [1, 2])
        func kills(seed: UInt64) throws {
            var numbers = SeededRandom(state: seed)
            var program = try texts.start(ranks: 3, run: "killed", Self.options)
            for ranks in [2, 5, 1, 8] {
                let begin = texts.checkpointSteps(run: "killed").last ?? 0
                wait(for: begin + Int.random(in: 20...80, using: &numbers), of: "killed", program)
                usleep(UInt32.random(in: 0..<30_000, using: &numbers))
                try kill(program, mpirun: Bool.random(using: &numbers), &numbers)
                try #require(texts.hasNoRank(run: "killed"))
                program = try texts.startResume(ranks: ranks, run: "killed")
            }
            let log = try finished(program, in: texts, run: "killed")
            expectSame(log, undisturbed, "seed \(seed)")
            #expect(log.events.filter { $0["event"] == "resume" }.count >= 3, "the kills came too late")
            #expect(try temporaries("killed") == [])
        }

        @Test("A run resumes after SIGKILL during its start")
        func killsAtStart() throws {
            let options = Self.options + ["--checkpoint-every", "100 steps"]
            for milliseconds in [0, 3, 20, 100] {
                let name = "start-\(milliseconds)"
                let first = try texts.start(ranks: 2, run: name, options)
                #expect(waitFor(20) { FileManager.default.fileExists(atPath: texts.path(name)) })
                usleep(UInt32(milliseconds) * 1000)
                first.send(SIGKILL)
                _ = try first.end(timeLimit: 10)
                try #require(texts.hasNoRank(run: name))
                let isRun = FileManager.default.fileExists(atPath: texts.path(name + "/config.toml"))
                let second = try isRun ? texts.startResume(ranks: 1, run: name) : texts.start(ranks: 1, run: name, options)
                expectSame(try finished(second, in: texts, run: name), undisturbed, "killed after \(milliseconds) ms")
            }
        }

        @Test("A run resumes after SIGUSR1 to mpirun, which ends it with status 75 and a checkpoint of that step")
        func preemption() throws {
            var program = try texts.start(ranks: 4, run: "preempted", Self.options)
            for (round, ranks) in [1, 3, 2].enumerated() {
                wait(for: 120 * (round + 1), of: "preempted", program)
                program.send(SIGUSR1)
                let outcome = try program.end(timeLimit: 20)
                #expect(outcome.status == 75, "\(outcome)")
                #expect(outcome.output.contains("stopped by SIGUSR1 after step "), "\(outcome)")
                #expect(outcome.output.hasSuffix(" --run \(texts.path("preempted")) --resume\n"), "\(outcome)")
                let end = try #require(try RunLog(run: texts.path("preempted")).events.last)
                #expect(end["event"] == "end" && end["reason"] == "preempted")
                #expect(texts.checkpointSteps(run: "preempted").last.map { "\($0)" } == end["step"])
                #expect(texts.hasNoRank(run: "preempted"))
                program = try texts.startResume(ranks: ranks, run: "preempted")
            }
            expectSame(try finished(program, in: texts, run: "preempted"), undisturbed, "preempted")
        }

        @Test("A run resumes after SIGTERM to mpirun, which ends it within seconds")
        func termination() throws {
            let program = try texts.start(ranks: 3, run: "terminated", Self.options)
            wait(for: 100, of: "terminated", program)
            program.send(SIGTERM)
            let outcome = try program.end(timeLimit: 8)
            #expect(outcome.status != 0 && !outcome.timedOut, "\(outcome)")
            #expect(texts.hasNoRank(run: "terminated"))
            let log = try finished(try texts.startResume(ranks: 2, run: "terminated"), in: texts, run: "terminated")
            expectSame(log, undisturbed, "terminated")
        }

        @Test("A completed run resumes with more epochs")
        func moreEpochs() throws {
            let start = ["--epochs", "2", "--checkpoint-every", "70 steps", "--validate-every", "50"]
            try finished(try texts.start(ranks: 2, run: "longer", start), in: texts, run: "longer")
            let resumed = try texts.startResume(ranks: 3, run: "longer", ["--epochs", Self.epochs])
            #expect(try finished(resumed, in: texts, run: "longer").finalDigest == undisturbed.finalDigest)
        }

        @Test("A run that a resume with fewer epochs ends in the middle of an epoch is validated there, once")
        func fewerEpochs() throws {
            let start = ["--epochs", "2", "--checkpoint-every", "10 steps", "--keep", "100"]
            try finished(try texts.start(ranks: 2, run: "shorter", start), in: texts, run: "shorter")
            for step in texts.checkpointSteps(run: "shorter") where step > 150 {
                try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "shorter", step: step)))
            }
            for ranks in [3, 1] {
                let resumed = try texts.startResume(ranks: ranks, run: "shorter", ["--epochs", "1"])
                let log = try finished(resumed, in: texts, run: "shorter")
                #expect(log.events.count { $0["event"] == "validation" && $0["step"] == "150" } == 1)
                #expect(log.events.last?["event"] == "end" && log.events.last?["step"] == "150")
            }
            #expect(try ProgramRun.alone("rnntrain", ["verify", texts.path("shorter")], folder: texts.folder).status == 0)
        }

        @Test("A run continues when the reader of its output exits")
        func closedPipe() throws {
            let program = ProgramRun.buildFolder.appendingPathComponent("rnntrain").path
            let words = [program] + texts.arguments(run: "unread", Self.options)
            let command = words.map { "'\($0)'" }.joined(separator: " ") + " | true"
            let shell = URL(fileURLWithPath: "/bin/sh")
            _ = try ProgramRun.run(shell, ["-c", command], environment: [:], folder: texts.folder, timeLimit: 60)
            expectSame(try RunLog(run: texts.path("unread")), undisturbed, "without a reader")
        }

        /// Waits until a checkpoint of this step or a later one exists, or the run has ended.
        private func wait(for step: Int, of run: String, _ program: RunningProgram) {
            let isThere = waitFor(40) { !program.isRunning || texts.checkpointSteps(run: run).last ?? 0 >= step }
            #expect(isThere, "no checkpoint after step \(step)")
        }

        private func kill(_ program: RunningProgram, mpirun: Bool, _ numbers: inout SeededRandom) throws {
            let ranks = ProcessTable.processes(of: "rnntrain", naming: texts.path("killed")).sorted()
            if !mpirun, let rank = ranks.randomElement(using: &numbers) {
                Foundation.kill(rank, SIGKILL)
            } else {
                program.send(SIGKILL)
            }
            let outcome = try program.end(timeLimit: 20)
            #expect(outcome.status != 0 && !outcome.timedOut, "\(outcome)")
        }

        /// Temporary files of interrupted writes in a run's folder.
        private func temporaries(_ run: String) throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: texts.path(run)).filter { $0.hasSuffix(".partial") }
        }
    }
}
