import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("of several jobs with one folder", .serialized)
    struct SharedFolderTests {
        private let texts: TrainingFolder
        private static let long = ["--epochs", "100000", "--checkpoint-every", "20 steps"]

        init() throws { texts = try TrainingFolder(lines: 100) }

        @Test("of which several start at once: one trains, and the others end and name it")
        func race() throws {
            let programs = try (0..<3).map { _ in try texts.start(ranks: 2, run: "run", Self.long) }
            #expect(waitFor(30) { programs.filter(\.isRunning).count == 1 && !texts.checkpointSteps(run: "run").isEmpty })
            let survivor = programs.first { $0.isRunning }
            let winner = try #require(survivor)
            for loser in programs where loser !== winner {
                let outcome = try loser.end(timeLimit: 10)
                let refusal = outcome.errors.contains("\(texts.path("run")) is in use by process ")
                #expect(outcome.status == 64 && (refusal || outcome.errors.contains("already holds a run")), "\(outcome)")
            }
            winner.send(SIGUSR1)
            #expect(try winner.end(timeLimit: 20).status == 75)
        }

        @Test("of which one goes on: the checkpoint that it came from gives its room back once newer ones are there")
        func removedCheckpoint() throws {
            try finished(try texts.start(ranks: 1, run: "run", ["--epochs", "1"]), in: texts, run: "run")
            let old = try #require(texts.checkpointSteps(run: "run").last)
            let program = try texts.startResume(ranks: 1, run: "run", Self.long)
            #expect(waitFor(20) { texts.checkpointSteps(run: "run").first ?? 0 > old })
            for process in ProcessTable.processes(of: "rnntrain", naming: texts.path("run")) {
                let folder = "/proc/\(process)/fd"
                let open = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap {
                    try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + $0)
                }
                #expect(!open.contains { $0.contains("/checkpoints/") && $0.hasSuffix("(deleted)") }, "\(open)")
            }
            program.send(SIGUSR1)
            #expect(try program.end(timeLimit: 20).status == 75)
        }

        @Test("of which the first is killed: the second takes the lock over, and says so in one line")
        func takeover() throws {
            let first = try texts.start(ranks: 2, run: "run", Self.long)
            #expect(waitFor(20) { texts.checkpointSteps(run: "run").count > 1 })
            first.send(SIGKILL)
            _ = try first.end(timeLimit: 10)
            try #require(texts.hasNoRank(run: "run"))
            let outcome = try texts.startResume(ranks: 1, run: "run", ["--epochs", "1"]).end(timeLimit: 30)
            let lines = outcome.lines.filter { $0.contains("took over the lock that process ") }
            #expect(outcome.status == 0 && lines.count == 1, "\(outcome)")
        }

        @Test("of which the first was on another machine: the second asks, and goes on when it is told to")
        func otherMachine() throws {
            try finished(try texts.start(ranks: 1, run: "run", ["--epochs", "1"]), in: texts, run: "run")
            let holder = "host far\nprocess 77\nstarted 2025-01-02T03:04:05Z\nboot other\nbirth 5\nend\n"
            try texts.write("run/lock", holder)
            try texts.expectRefusal(
                try texts.startResume(ranks: 2, run: "run"), run: "run", status: 64,
                says: ["was locked by process 77 on far, since 2025-01-02T03:04:05Z, and whether", "add --break-lock"])
            #expect(try texts.bytes("run/lock") == Data(holder.utf8))
            let outcome = try texts.startResume(ranks: 2, run: "run", ["--epochs", "2", "--break-lock"]).end(timeLimit: 30)
            #expect(outcome.status == 0 && outcome.output.contains("took over the lock that process 77 on far"), "\(outcome)")
        }

        /// Lets a run begin, does something to its folder, and gives the end of the job, which must be one line of rank 0.
        private func ending(
            _ run: String, _ more: [String] = [], after change: (RunningProgram) throws -> Void
        ) throws -> ProgramRun {
            let program = try texts.start(ranks: 2, run: run, Self.long + more)
            #expect(waitFor(30) { texts.checkpointSteps(run: run).count > 1 })
            try change(program)
            let outcome = try program.end(timeLimit: 30)
            #expect(outcome.status == 74 && !outcome.timedOut, "\(outcome)")
            #expect(
                outcome.errors.split(separator: "\n").filter { $0.contains("rank 0") && $0.contains(texts.path(run)) }.count == 1)
            return outcome
        }

        private func move(_ from: String, _ to: String) throws {
            try FileManager.default.moveItem(atPath: texts.path(from), toPath: texts.path(to))
        }

        @Test("of which one's folder is moved: it ends, makes no new one, and goes on in the new place")
        func moved() throws {
            let outcome = try ending("run") { _ in try move("run", "moved") }
            #expect(outcome.errors.contains("was moved to \(texts.path("moved"))"), "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: texts.path("run")))
            try finished(try texts.startResume(ranks: 2, run: "moved", ["--epochs", "1"]), in: texts, run: "moved")
        }

        @Test("of which one's folder is removed: it ends, and makes no new one")
        func removed() throws {
            let outcome = try ending("run") { _ in
                // In one step, as the job may write in the meantime; and again, where it has.
                try move("run", "gone")
                while FileManager.default.fileExists(atPath: texts.path("gone")) {
                    try? FileManager.default.removeItem(atPath: texts.path("gone"))
                }
            }
            #expect(outcome.errors.contains("was removed or replaced") || outcome.errors.contains("was moved to"), "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: texts.path("run")))
        }

        @Test("of which one's folder is moved and another run begun in its place: each writes into its own")
        func replaced() throws {
            try finished(try texts.start(ranks: 1, run: "second", ["--epochs", "1"]), in: texts, run: "second")
            let files = try FileManager.default.subpathsOfDirectory(atPath: texts.path("second")).sorted()
            let log = try texts.bytes("second/metrics.jsonl")
            let outcome = try ending("run") { _ in
                try move("run", "first")
                try move("second", "run")
            }
            #expect(outcome.errors.contains("was moved to \(texts.path("first"))"), "\(outcome)")
            #expect(try FileManager.default.subpathsOfDirectory(atPath: texts.path("run")).sorted() == files)
            #expect(try texts.bytes("run/metrics.jsonl") == log)
            try finished(try texts.startResume(ranks: 2, run: "first", ["--epochs", "1"]), in: texts, run: "first")
        }

        @Test("of which one's lock is removed: no second one is let in, and the first ends before it writes again")
        func removedLock() throws {
            let outcome = try ending("run") { _ in try FileManager.default.removeItem(atPath: texts.path("run/lock")) }
            #expect(outcome.errors.contains("\(texts.path("run/lock")) was removed or replaced"), "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: texts.path("run/lock")))
            try finished(try texts.startResume(ranks: 2, run: "run", ["--epochs", "1"]), in: texts, run: "run")
        }
    }
}
