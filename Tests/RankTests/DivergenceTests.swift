import Foundation
import TestSupport
import Testing

extension TrainingOverRanks {
    /// Runs whose numbers overflow in every step, so that no step has an update.
    @Suite("A run that has diverged keeps the checkpoints to which it can return", .serialized)
    struct DivergenceTests {
        private static let overflowing = [
            "--cell", "elman", "--nonlinearity", "relu", "--init", "uniform", "--init-scale", "1e30", "--log-every", "1",
        ]
        private let texts: TrainingFolder

        init() throws { texts = try TrainingFolder() }

        @Test("A run that diverges in its first step can be resumed")
        func firstStep() throws {
            let options = Self.overflowing + ["--max-bad-steps", "1", "--max-rollbacks", "0"]
            try expectDiverged(try texts.start(ranks: 2, run: "run", options))
            try expectDiverged(try texts.startResume(ranks: 1, run: "run"))
        }

        @Test("A fault that is found after a step, before its validation, is reported with this step")
        func foundAfterStep() throws {
            let options = ["--optimizer", "sgd", "--learning-rate", "1e30", "--weight-decay", "1e20", "--validate-every", "1"]
            let outcome = try texts.start(ranks: 2, run: "run", options).end(timeLimit: 30)
            #expect(outcome.status == 64 && outcome.errors.contains("step 1: a parameter is not finite"), "\(outcome)")
            let returns = try RunLog(run: texts.path("run")).events.filter { $0["event"] == "rollback" }
            #expect(!returns.isEmpty && returns.allSatisfy { $0["found_at"] == "1" }, "\(returns)")
        }

        private func expectDiverged(_ program: RunningProgram, location: SourceLocation = #_sourceLocation) throws {
            let outcome = try program.end(timeLimit: 30)
            #expect(outcome.status == 64 && outcome.errors.contains("step 1: "), "\(outcome)", sourceLocation: location)
            #expect(outcome.errors.contains("training has diverged"), "\(outcome)", sourceLocation: location)
            #expect(texts.checkpointSteps(run: "run") == [0], sourceLocation: location)
        }

        @Test("Stops while updates are skipped remove no checkpoint, and after a return skipped updates are counted anew")
        func stops() throws {
            let options = Self.overflowing + ["--max-bad-steps", "1000000", "--epochs", "100000"]
            let first = try stopped(try texts.start(ranks: 2, run: "run", options), after: 20)
            let second = try stopped(try texts.startResume(ranks: 3, run: "run"), after: first + 20)
            #expect(texts.checkpointSteps(run: "run") == [0, first, second])
            let outcome = try texts.startResume(ranks: 2, run: "run", ["--max-bad-steps", "10"]).end(timeLimit: 30)
            #expect(outcome.status == 64 && outcome.errors.contains("after 3 returns to a checkpoint"), "\(outcome)")
            let returns = try RunLog(run: texts.path("run")).events.filter { $0["event"] == "rollback" }
            #expect(returns.map { $0["step"] } == [second, first, 0].map { "\($0)" })
            // The first step of the job exceeds the lower limit. Each return then has ten steps.
            #expect(returns.map { $0["found_at"] } == [second + 1, second + 10, first + 10].map { "\($0)" })
        }

        /// Stops a run after some steps. Returns the step of its last checkpoint.
        private func stopped(_ program: RunningProgram, after step: Int) throws -> Int {
            let isThere = waitFor(30) { !program.isRunning || lastStep() > step }
            try #require(isThere)
            program.send(SIGUSR1)
            let outcome = try program.end(timeLimit: 20)
            #expect(outcome.status == 75, "\(outcome)")
            return try #require(texts.checkpointSteps(run: "run").last)
        }

        private func lastStep() -> Int {
            let log = try? RunLog(run: texts.path("run"))
            return log?.events.last { $0["event"] == "step" }?["step"].flatMap { Int($0) } ?? 0
        }
    }
}
