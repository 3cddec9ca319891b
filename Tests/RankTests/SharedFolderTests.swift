import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    @Suite("Several jobs with one run folder", .serialized)
    struct SharedFolderTests {
        private let texts: TrainingFolder
        private static let long = ["--epochs", "100000", "--checkpoint-every", "20 steps"]

        init() throws { texts = try TrainingFolder(lines: 100) }

        @Test("Of several jobs that start together, one trains, and the others end and name it")
        func race() throws {
            let programs = try (0..<3).map { _ in try texts.start(ranks: 2, run: "run", Self.long) }
            #expect(waitFor(30) { programs.filter(\.isRunning).count == 1 && !texts.checkpointSteps(run: "run").isEmpty })
            let survivor = programs.first { $0.isRunning }
            let winner = try #require(survivor)
            for loser in programs where loser !== winner {
                let outcome = try loser.end(timeLimit: 10)
                let refusal = outcome.errors.contains("\(texts.path("run")) is in use by process ")
                #expect(outcome.status == 64 && (refusal || outcome.errors.contains("already contains a run")), "\(outcome)")
            }
            winner.send(SIGUSR1)
            #expect(try winner.end(timeLimit: 20).status == 75)
        }

        @Test("A resumed job removes the checkpoint that it resumed from when newer ones exist")
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

        @Test("A job takes over the lock of a killed job, and says so in one line")
        func takeover() throws {
            let first = try texts.start(ranks: 2, run: "run", Self.long)
            #expect(waitFor(20) { texts.checkpointSteps(run: "run").count > 1 })
            first.send(SIGKILL)
            _ = try first.end(timeLimit: 10)
            try #require(texts.hasNoRank(run: "run"))
            let outcome = try texts.startResume(ranks: 1, run: "run", ["--epochs", "1"]).end(timeLimit: 30)
            let lines = outcome.lines.filter { $0.contains("took over the lock of a job that has ended: process ") }
            #expect(outcome.status == 0 && lines.count == 1, "\(outcome)")
        }

        @Test("A rank that finds the token file of another run under the path of rank 0's ends the job")
        func otherTokens() throws {
            let options = ["--run", "relative", "--tokens", "byte", "--shards", "2", "--epochs", "1"]
            try texts.writeDeep("elsewhere/other.txt", String(repeating: "another text, of other bytes\n", count: 200))
            let elsewhere = texts.folder.appendingPathComponent("elsewhere")
            let other = try ProgramRun.alone(
                "rnntrain", ["--train", "other.txt", "--valid", "other.txt"] + TrainingFolder.model + options, folder: elsewhere)
            try #require(other.status == 0, "\(other)")
            let program = try ProgramRun.startOnRanks(
                2, "rnntrain",
                ["--train", texts.path("train.txt"), "--valid", texts.path("valid.txt")] + TrainingFolder.model + options,
                prelude: "[ \"$OMPI_COMM_WORLD_RANK\" = 1 ] && cd '\(elsewhere.path)'", folder: texts.folder)
            let outcome = try program.end(timeLimit: 30)
            #expect(outcome.status == 65, "\(outcome)")
            #expect(
                outcome.errors.contains("rank 1 (") && outcome.errors.contains("another file than on that of rank 0"),
                "\(outcome)")
        }

        @Test("A lock of another machine is taken over only if the user requests it")
        func otherMachine() throws {
            try finished(try texts.start(ranks: 1, run: "run", ["--epochs", "1"]), in: texts, run: "run")
            let holder = "host far\nprocess 77\nstarted 2025-01-02T03:04:05Z\nboot other\nbirth 5\nend\n"
            try texts.write("run/lock", holder)
            try texts.expectRefusal(
                try texts.startResume(ranks: 2, run: "run"), run: "run", status: 64,
                says: [
                    "was locked by process 77 on far, since 2025-01-02T03:04:05Z, and this machine cannot tell",
                    "add --break-lock",
                ])
            #expect(try texts.bytes("run/lock") == Data(holder.utf8))
            let outcome = try texts.startResume(ranks: 2, run: "run", ["--epochs", "2", "--break-lock"]).end(timeLimit: 30)
            #expect(
                outcome.status == 0 && outcome.output.contains("took over the lock of a job that has ended: process 77 on far"),
                "\(outcome)")
        }

        /// Lets a run begin, changes its folder, and returns the end of the job, which must be one line.
        ///
        /// The line begins with `rank 0 (host)` if other ranks cannot know of the error, as in a write of the log.
        private func ending(
            _ run: String, _ more: [String] = [], after change: (RunningProgram) throws -> Void
        ) throws -> ProgramRun {
            let program = try texts.start(ranks: 2, run: run, Self.long + more)
            #expect(waitFor(30) { texts.checkpointSteps(run: run).count > 1 })
            try change(program)
            let outcome = try program.end(timeLimit: 30)
            #expect(outcome.status == 74 && !outcome.timedOut, "\(outcome)")
            let lines = outcome.errors.split(separator: "\n").filter { $0.contains("rnntrain: ") }
            let isOne = lines.count == 1 && lines[0].hasPrefix("rnntrain: error: ") && lines[0].contains(texts.path(run))
            #expect(isOne, "\(outcome)")
            return outcome
        }

        private func move(_ from: String, _ to: String) throws {
            try FileManager.default.moveItem(atPath: texts.path(from), toPath: texts.path(to))
        }

        @Test("A job whose folder is moved ends without creating a new one, and resumes in the new place")
        func moved() throws {
            let outcome = try ending("run") { _ in try move("run", "moved") }
            #expect(outcome.errors.contains(#/^rnntrain: error: .* was moved to /#.anchorsMatchLineEndings()), "\(outcome)")
            #expect(outcome.errors.contains("was moved to \(texts.path("moved"))"), "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: texts.path("run")))
            try finished(try texts.startResume(ranks: 2, run: "moved", ["--epochs", "1"]), in: texts, run: "moved")
        }

        @Test("A job whose folder is removed ends without creating a new one")
        func removed() throws {
            let outcome = try ending("run") { _ in
                // The change is one system call, because the job may write at the same time; it is repeated if the job has written.
                try move("run", "gone")
                while FileManager.default.fileExists(atPath: texts.path("gone")) {
                    try? FileManager.default.removeItem(atPath: texts.path("gone"))
                }
            }
            #expect(outcome.errors.contains("was removed or replaced") || outcome.errors.contains("was moved to"), "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: texts.path("run")))
        }

        @Test("If a folder is moved and another run begins in its place, each job writes to its own folder")
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

        @Test("If the lock's file is removed, no second job can start, and the first ends before its next write")
        func removedLock() throws {
            let outcome = try ending("run") { _ in try FileManager.default.removeItem(atPath: texts.path("run/lock")) }
            #expect(outcome.errors.contains("\(texts.path("run/lock")) was removed or replaced"), "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: texts.path("run/lock")))
            try finished(try texts.startResume(ranks: 2, run: "run", ["--epochs", "1"]), in: texts, run: "run")
        }
    }
}
