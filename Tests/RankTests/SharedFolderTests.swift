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
    }
}
