import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// Runs that would take far longer than these tests, with an event after some steps.
    @Suite("Signals, time limits and the watchdog", .serialized)
    struct DeadlineTests {
        private static let endless = ["--epochs", "100000", "--checkpoint-every", "7 steps", "--validate-every", "50"]
        private let texts: TrainingFolder

        init() throws { texts = try TrainingFolder() }

        // MARK: Signals

        @Test(
            "After a signal to one rank, the run saves and all ranks end with status 75",
            arguments: [SIGUSR1, SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGXCPU])
        func signalToRank(signal: Int32) throws {
            let program = try started("rank-\(signal)", ranks: 3)
            Foundation.kill(try #require(ranks(of: "rank-\(signal)").last), signal)
            let outcome = try program.end(timeLimit: 20)
            #expect(outcome.status == 75, "\(outcome)")
            try expectSavedAtEnd("rank-\(signal)")
            try expectGoesOn("rank-\(signal)")
        }

        @Test(
            "After a signal to mpirun, the run saves and ends with status 75",
            arguments: [SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGHUP])
        func signalToLauncher(signal: Int32) throws {
            let program = try started("all-\(signal)", ranks: 3)
            program.send(signal)
            let outcome = try program.end(timeLimit: 20)
            #expect(outcome.status != 0 && !outcome.timedOut, "\(outcome)")
            if [SIGUSR1, SIGUSR2].contains(signal) { #expect(outcome.status == 75) }
            try expectGoesOn("all-\(signal)")
        }

        @Test("A run that stops at a due validation makes it after the resume, because the schedule depends on it")
        func pendingValidation() throws {
            let options = ["--validate-every", "1", "--schedule", "plateau", "--decay", "0.99", "--epsilon", "1"]
            let program = try started("pending", ranks: 2, options)
            program.send(SIGUSR1)
            #expect(try program.end(timeLimit: 20).status == 75)
            try expectGoesOn("pending", options)
            let steps = try RunLog(run: texts.path("pending")).events.filter { $0["event"] == "validation" }.map { $0["step"] }
            #expect(steps == (1...steps.count).map { "\($0)" })
        }

        @Test("A run that stops at a due sample makes it after the resume")
        func pendingSample() throws {
            let options = ["--sample-every", "1"]
            let program = try started("sampled", ranks: 2, options)
            program.send(SIGUSR1)
            #expect(try program.end(timeLimit: 20).status == 75)
            try expectGoesOn("sampled", options)
            let steps = try RunLog(run: texts.path("sampled")).events.filter { $0["event"] == "sample" }.map { $0["step"] }
            #expect(steps == (1...steps.count).map { "\($0)" })
        }

        // MARK: Time limits

        @Test("A run saves before --time-limit and ends with status 75")
        func timeLimit() throws {
            let start = Date()
            let program = try texts.start(ranks: 2, run: "limited", Self.endless + ["--time-limit", "5s"])
            let outcome = try program.end(timeLimit: 20)
            let seconds = try lastSaved("limited").timeIntervalSince(start)
            #expect(outcome.status == 75 && (2...7).contains(seconds), "saved after \(seconds) s: \(outcome)")
            try expectSavedAtEnd("limited", stoppedBy: "time-limit")
            #expect(outcome.output.contains("stopped at the time limit (--time-limit) after step "), "\(outcome)")
            try expectGoesOn("limited")
        }

        @Test("A run saves before a hard limit of CPU time, and at a soft one", arguments: ["-t 10", "-St 5"])
        func cpuTime(limit: String) throws {
            let outcome = try texts.start(ranks: 2, run: "cpu", Self.endless, prelude: "ulimit \(limit)").end(timeLimit: 90)
            #expect(outcome.status == 75, "\(outcome)")
            try expectSavedAtEnd("cpu", stoppedBy: "SIGXCPU")
            #expect(outcome.output.contains("stopped by SIGXCPU (the limit of CPU time, ulimit -t) after step "), "\(outcome)")
            try expectGoesOn("cpu")
        }

        @Test("A run saves before the end of its SLURM job")
        func slurm() throws {
            let end = Int(Date().timeIntervalSince1970) + 6
            let program = try texts.start(
                ranks: 2, run: "slurm", Self.endless, environment: ["SLURM_JOB_END_TIME": "\(end)"])
            let outcome = try program.end(timeLimit: 20)
            let early = Double(end) - (try lastSaved("slurm").timeIntervalSince1970)
            #expect(outcome.status == 75 && (0..<4).contains(early), "saved \(early) s before the end: \(outcome)")
            try expectSavedAtEnd("slurm", stoppedBy: "slurm-job-end")
            let reason = "stopped before the end of the SLURM job (SLURM_JOB_END_TIME) after step "
            #expect(outcome.output.contains(reason), "\(outcome)")
        }

        @Test(
            "A validation or a test that takes longer than the limit ends jobs at the limit, and one that makes no progress with status 64",
            arguments: [("--valid", "the validation"), ("--test", "the test")])
        func longWork(option: String, work: String) throws {
            let text = String(decoding: try texts.bytes("valid.txt"), as: UTF8.self)
            try texts.write("long.txt", String(repeating: text, count: 4_000_000 / text.utf8.count))
            let model = ["--hidden-size", "256", "--layers", "2", "--epochs", "1", "--time-limit", "4s"]
            var outcome = try texts.start(ranks: 2, run: "long", model + [option, texts.path("long.txt")]).end(timeLimit: 30)
            var jobs = 1
            while outcome.status == 75, jobs < 8 {
                let start = Date()
                outcome = try texts.startResume(ranks: 2, run: "long").end(timeLimit: 30)
                #expect(Date().timeIntervalSince(start) < 8, "\(outcome)")
                jobs += 1
            }
            #expect(jobs > 1 && outcome.status == 64, "\(outcome)")
            #expect(
                outcome.errors.contains("error: \(work) takes longer than the time limit of 4 seconds (--time-limit)"),
                "\(outcome)")
        }

        @Test(
            "A validation ends at a signal to one of the ranks, and at the time limit, with a checkpoint",
            arguments: ["always", "never"], [[], ["--time-limit", "6s"]])
        func inValidation(teams: String, limit: [String]) throws {
            let text = String(decoding: try texts.bytes("valid.txt"), as: UTF8.self)
            try texts.write("long.txt", String(repeating: text, count: 4_000_000 / text.utf8.count))
            let options = [
                "--hidden-size", "300", "--layers", "1", "--teams", teams, "--epochs", "1", "--validate-every", "2",
                "--log-every", "1", "--stall-limit", "20s", "--valid", texts.path("long.txt"),
            ]
            let program = try texts.start(ranks: 2, run: "team", options + limit)
            let log = texts.path("team/metrics.jsonl")
            let isValidating = waitFor(20) {
                (try? String(contentsOfFile: log, encoding: .utf8))?.contains("\"step\":2,") == true
            }
            try #require(isValidating)
            if limit.isEmpty {
                usleep(500_000)
                Foundation.kill(try #require(ranks(of: "team").last), SIGUSR1)
            }
            let start = Date()
            let outcome = try program.end(timeLimit: 20)
            #expect(outcome.status == 75, "\(outcome)")
            // The rest of the validation takes longer.
            #expect(!limit.isEmpty || Date().timeIntervalSince(start) < 5, "\(outcome)")
            #expect(try RunLog(run: texts.path("team")).events.first?["team_ranks"] == (teams == "always" ? "2" : "1"))
            try expectSavedAtEnd("team")
        }

        // MARK: Ranks that stop or die

        @Test(
            "The watchdog reports the stopped rank and its phase",
            arguments: [["--exchange", "window"], ["--exchange", "messages"]])
        func stoppedRank(options: [String]) throws {
            let run = "stopped-\(options[1])"
            let program = try started(run, ranks: 3, options + ["--stall-limit", "10s"])
            let rank = try #require(ranks(of: run).last)
            let start = Date()
            Foundation.kill(rank, SIGSTOP)
            defer { Foundation.kill(rank, SIGCONT) }
            let outcome = try program.end(timeLimit: 20)
            let seconds = Date().timeIntervalSince(start)
            #expect(outcome.status == 70 && (7...12).contains(seconds), "after \(seconds) s: \(outcome)")
            let pattern =
                /error: rank [012] \(\S+\) has made no progress for \d+ s in the phase '[a-z ]+' of step \d+; its process is stopped/
            #expect(outcome.errors.matches(of: pattern).count == 1, "\(outcome)")
            #expect(texts.hasNoRank(run: run))
            try expectGoesOn(run)
        }

        @Test("The watchdog reports the killed rank and its phase")
        func killedRank() throws {
            let program = try started("killed", ranks: 3)
            Foundation.kill(try #require(ranks(of: "killed").last), SIGKILL)
            let outcome = try program.end(timeLimit: 20)
            #expect(outcome.status != 0 && !outcome.timedOut, "\(outcome)")
            let pattern = /error: rank [012] \(\S+\) was killed or crashed in the phase '[a-z ]+' of step \d+\./
            #expect(outcome.errors.matches(of: pattern).count == 1, "\(outcome)")
            #expect(texts.hasNoRank(run: "killed"))
        }

        @Test("The watchdog does not end a job whose ranks are all stopped and continued")
        func stoppedJob() throws {
            let program = try started("suspended", ranks: 2, ["--stall-limit", "2s"])
            let ranks = ranks(of: "suspended")
            for rank in ranks { Foundation.kill(rank, SIGSTOP) }
            sleep(5)
            for rank in ranks { Foundation.kill(rank, SIGCONT) }
            let step = texts.checkpointSteps(run: "suspended").last ?? 0
            #expect(waitFor(20) { texts.checkpointSteps(run: "suspended").last ?? 0 > step + 50 }, "it did not continue")
            program.send(SIGUSR1)
            #expect(try program.end(timeLimit: 20).status == 75)
        }

        // MARK: Parts

        private func started(_ run: String, ranks: Int, _ options: [String] = []) throws -> RunningProgram {
            let program = try texts.start(ranks: ranks, run: run, Self.endless + options)
            #expect(waitFor(40) { !program.isRunning || texts.checkpointSteps(run: run).last ?? 0 >= 60 })
            return program
        }

        private func ranks(of run: String) -> [Int32] {
            ProcessTable.processes(of: "rnntrain", naming: texts.path(run)).sorted()
        }

        /// The time of the newest checkpoint. How long mpirun takes to end after that depends on the machine.
        private func lastSaved(_ run: String) throws -> Date {
            let step = try #require(texts.checkpointSteps(run: run).last)
            let path = texts.path(texts.checkpoint(run: run, step: step))
            return try #require(try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date)
        }

        private func expectSavedAtEnd(_ run: String, stoppedBy reason: String? = nil) throws {
            let end = try #require(try RunLog(run: texts.path(run)).events.last)
            #expect(end["event"] == "end" && end["reason"] == "preempted")
            #expect(reason == nil || end["stopped_by"] == reason, "\(end)")
            #expect(texts.checkpointSteps(run: run).last.map { "\($0)" } == end["step"])
        }

        /// Resumes for some steps with another number of ranks. The digest must be that of an undisturbed run.
        private func expectGoesOn(_ run: String, _ options: [String] = []) throws {
            #expect(texts.hasNoRank(run: run))
            let step = try #require(texts.checkpointSteps(run: run).last)
            let epochs = [
                "--epochs", "\(step / TrainingFolder.stepsPerEpoch + 1)", "--stall-limit", "5 minutes", "--time-limit", "1h",
            ]
            let log = try finished(try texts.startResume(ranks: 2, run: run, epochs), in: texts, run: run)
            let undisturbed = try texts.start(ranks: 1, run: run + "-undisturbed", Self.endless + options + epochs)
            #expect(try finished(undisturbed, in: texts, run: run + "-undisturbed").finalDigest == log.finalDigest)
        }
    }
}
