import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// What a run writes besides its log lines of losses: event files for TensorBoard, samples, magnitudes of gradients.
    @Suite("Watching a run changes nothing in it", .serialized)
    struct WatchedTrainingTests {
        private static let watching = ["--tensorboard", "--sample-every", "10", "--track-gradients", "5"]
        private let texts: TrainingFolder

        init() throws { texts = try TrainingFolder(lines: 400, validLines: 40) }

        private func lines(_ event: String, of log: RunLog) -> [[String: String]] {
            log.events.filter { $0["event"] == event }.map { line in
                line.filter { !["time", "elapsed_seconds", "checksum"].contains($0.key) }
            }
        }

        @Test("Losses and digests stay the same; samples and magnitudes are the same on 1, 3 and 8 ranks")
        func sameBits() throws {
            let plain = try finished(texts.start(ranks: 2, run: "plain", ["--epochs", "1"]), in: texts, run: "plain")
            var before: RunLog?
            for (ranks, more) in [(1, []), (3, []), (8, ["--exchange", "messages"])] {
                let run = "run-\(ranks)"
                let program = try texts.start(ranks: ranks, run: run, ["--epochs", "1"] + Self.watching + more)
                let log = try finished(program, in: texts, run: run)
                expectSame(log, plain, "\(ranks) ranks")
                for (event, count) in [("sample", 2), ("gradients", 5)] {
                    let found = lines(event, of: log)
                    #expect(found.count >= count, "\(event) on \(ranks) ranks: \(found.count)")
                    if let before { #expect(found == lines(event, of: before), "\(event) on \(ranks) ranks") }
                }
                before = log
            }
            let watched = try #require(before)
            let text = try #require(lines("sample", of: watched).last?["text"])
            #expect(text.count > 20)
            let gradients = try #require(lines("gradients", of: watched).last)
            #expect(Set(gradients.keys) == ["event", "step", "epoch", "hidden_gradient_l0", "hidden_gradient_l1"])
            #expect(Double(gradients["hidden_gradient_l1"] ?? "") ?? 0 > 0)
        }

        @Test("Windows of random length, some longer than --bptt, are tracked like others")
        func variableWindows() throws {
            let options = ["--epochs", "2", "--variable-window"]
            let plain = try finished(texts.start(ranks: 1, run: "plain", options), in: texts, run: "plain")
            let tracked = options + ["--track-gradients", "1"]
            let one = try finished(texts.start(ranks: 1, run: "one", tracked), in: texts, run: "one")
            let three = try finished(texts.start(ranks: 3, run: "three", tracked), in: texts, run: "three")
            expectSame(one, plain, "tracked")
            expectSame(three, plain, "3 ranks")
            #expect(lines("gradients", of: one) == lines("gradients", of: three) && lines("gradients", of: one).count > 20)
        }

        @Test("Teams find the same magnitudes")
        func teams() throws {
            let options = ["--epochs", "1", "--hidden-size", "300", "--track-gradients", "10", "--teams"]
            let alone = try finished(texts.start(ranks: 2, run: "alone", options + ["never"]), in: texts, run: "alone")
            let team = try finished(texts.start(ranks: 2, run: "team", options + ["always"]), in: texts, run: "team")
            #expect(team.events.first?["team_ranks"] == "2")
            #expect(lines("gradients", of: team) == lines("gradients", of: alone))
            #expect(lines("gradients", of: team).count > 2)
        }

        @Test("The event file has the figures of the log, and a resumed run continues it after a record that a kill has cut")
        func eventFile() throws {
            _ = try finished(
                texts.start(ranks: 2, run: "run", ["--epochs", "1", "--tensorboard"]), in: texts, run: "run")
            let name = "run/events.out.tfevents.rnntrain"
            let first = try EventFile([UInt8](texts.bytes(name)))
            try texts.write(name, texts.bytes(name) + Data([9, 0, 0, 0, 0, 0, 0, 0, 1, 2]))
            let log = try finished(texts.startResume(ranks: 1, run: "run", ["--epochs", "2"]), in: texts, run: "run")
            let events = try EventFile([UInt8](texts.bytes(name))).events
            #expect(Array(events.prefix(first.events.count)) == first.events)
            #expect(events.first?.version == "brain.Event:2")
            #expect(events.count(where: \.isStart) == 2)
            for (event, tag) in [("step", "train/"), ("validation", "validation/")] {
                let logged = log.events.filter { $0["event"] == event }
                let found = events.filter { $0.scalars[tag + "loss"] != nil }
                #expect(found.map { "\($0.step)" } == logged.compactMap { $0["step"] })
                #expect(found.compactMap { $0.scalars[tag + "loss"] } == logged.compactMap { Float($0["loss"] ?? "") })
            }
            #expect(events.last?.scalars["test/perplexity"] != nil)
        }

        @Test("Points that a job without an event file has abandoned are discarded by the next job with one")
        func abandoned() throws {
            _ = try finished(
                texts.start(ranks: 1, run: "run", ["--epochs", "2", "--tensorboard", "--checkpoint-every", "20 steps"]),
                in: texts,
                run: "run")
            let steps = texts.checkpointSteps(run: "run")
            try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: try #require(steps.max()))))
            let next = ["--epochs", "3", "--learning-rate", "0.01"]
            _ = try finished(texts.startResume(ranks: 1, run: "run", next + ["--no-tensorboard"]), in: texts, run: "run")
            _ = try finished(texts.startResume(ranks: 1, run: "run", ["--epochs", "4", "--tensorboard"]), in: texts, run: "run")
            let kept = try #require(steps.min()) + 1
            #expect(try marks() == [kept, kept], "\(steps)")
            // A job that continues from where the last one with an event file ended discards nothing before.
            let last = try #require(texts.checkpointSteps(run: "run").max())
            _ = try finished(texts.startResume(ranks: 1, run: "run", ["--epochs", "5"]), in: texts, run: "run")
            #expect(try marks().suffix(2) == [last + 1, last + 1])
        }

        /// The steps from which on the event file of the run `run` lets readers discard earlier points.
        private func marks() throws -> [Int] {
            try EventFile([UInt8](texts.bytes("run/events.out.tfevents.rnntrain"))).events.filter(\.isStart).map(\.step)
        }

        @Test("A log that was removed does not discard the points before it")
        func withoutLog() throws {
            func train(_ program: RunningProgram) throws { _ = try finished(program, in: texts, run: "run") }
            try train(texts.start(ranks: 1, run: "run", ["--epochs", "1", "--tensorboard", "--checkpoint-every", "20 steps"]))
            let first = try #require(texts.checkpointSteps(run: "run").max())
            try FileManager.default.removeItem(atPath: texts.path("run/metrics.jsonl"))
            try train(texts.startResume(ranks: 1, run: "run", ["--epochs", "2", "--keep", "100"]))
            for step in texts.checkpointSteps(run: "run") where step > first {
                try FileManager.default.removeItem(atPath: texts.path(texts.checkpoint(run: "run", step: step)))
            }
            try train(texts.startResume(ranks: 1, run: "run", ["--epochs", "2", "--no-tensorboard"]))
            try train(texts.startResume(ranks: 1, run: "run", ["--epochs", "3", "--tensorboard"]))
            #expect(try marks().suffix(2) == [first + 1, first + 1])
        }

        @Test("A log and an event file that are emptied while a job trains are continued from their start, with warnings")
        func emptied() throws {
            let program = try texts.start(ranks: 1, run: "run", ["--epochs", "100000", "--tensorboard"])
            let names = ["run/metrics.jsonl", "run/events.out.tfevents.rnntrain"]
            func haveBytes(_ count: Int) -> Bool { names.allSatisfy { ((try? texts.bytes($0)) ?? Data()).count >= count } }
            try #require(waitFor(30) { haveBytes(500) })
            for name in names { #expect(truncate(texts.path(name), 0) == 0) }
            #expect(waitFor(30) { haveBytes(1) })
            program.send(SIGUSR1)
            let outcome = try program.end(timeLimit: 30)
            #expect(outcome.status == 75, "\(outcome)")
            for name in names {
                #expect(outcome.errors.contains("\(texts.path(name)) was removed, replaced or changed."), "\(outcome)")
            }
            #expect(try texts.bytes(names[0]).first == UInt8(ascii: "{"))
            #expect(try EventFile([UInt8](texts.bytes(names[1]))).events.first?.version == "brain.Event:2")
        }
    }
}
