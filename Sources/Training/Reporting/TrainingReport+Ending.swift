import Communication
import Failures
import Foundation
import Runs
import Tasks
import TextData

extension TrainingReport {
    /// The last lines. `best` and `test` are those of one model; `step`, `epoch` and `parameters_digest` are those of the last step.
    ///
    /// Throws the errors of the log, after the lines are printed: the test may have taken hours.
    func end(_ ending: RunEnding, state: TrainingState) throws {
        guard let log else { return }
        progress.clear()
        let logging = Result { try writeEnd(ending, state, to: log) }
        progress.beginEnd(HeldOutput.LastWait(after: ending.outcome.stopReason))
        defer { progress.finish() }
        sayEnd(ending, state)
        try logging.get()
        try log.finish()
    }

    private func writeEnd(_ ending: RunEnding, _ state: TrainingState, to log: MetricsLog) throws {
        try log.write(
            "end",
            [
                ("reason", .text(ending.outcome.name)), ("step", .integer(state.step)),
                ("epoch", .integer(state.lastEpoch)),
            ] + stopFields(ending) + bestFields(ending) + lostFields(state, ending) + testFields(ending)
                + (state.dependsOnCheckpoints ? [("rate_scale", .number(state.rateScale ?? 1))] : [])
                + [("parameters_digest", .text(ending.parametersDigest))])
    }

    private func sayEnd(_ ending: RunEnding, _ state: TrainingState) {
        say(endingText(state).line(ending.outcome))
        if let best = ending.best {
            say("  best     validation \(text(ofCriterion: best.loss)) after step \(best.step), digest \(best.parametersDigest)")
            if ending.bestIsAbandoned { say(Self.abandoned) }
        }
        if let lost = lostBest(state, ending) {
            say(
                "  lost     validation \(text(ofCriterion: lost.loss)) after step \(lost.step) was better, but its parameters are lost"
            )
        }
        if let test = ending.test { sayTest(test, ending) }
        if configuration.usesBuiltInSource, let best = ending.best { sayOptimum(best.loss) }
        say("  last     step \(state.step), digest \(ending.parametersDigest)")
        if state.dependsOnCheckpoints {
            say("  returned to a checkpoint after a divergence: the digests depend on --checkpoint-every and on interruptions")
        }
        say("  run      \(plan.runFolder)")
        if let limitUse { say("  time     \(limitUse.text)") }
        if ending.outcome.stopReason != nil {
            sayCommand("  resume   \(ResumeCommand(runFolder: plan.runFolder, rankCount: rankCount).advice)")
        }
        if let warning = limitUse?.warning { StandardError.warn(warning) }
    }

    private static let abandoned =
        "  kept     the run continued from an earlier step than that of its best parameters; no validation since then repeats or improves on theirs"

    private func stopFields(_ ending: RunEnding) -> [(String, MetricsLog.Value)] {
        ending.outcome.stopReason.map { [("stopped_by", .text($0.name))] } ?? []
    }

    private func bestFields(_ ending: RunEnding) -> [(String, MetricsLog.Value)] {
        fields(ofBest: ending.best) + (ending.bestIsAbandoned ? [("best_is_abandoned", .flag(true))] : [])
    }

    /// The fields of the model in `best.safetensors`. Without one, the step is null.
    func fields(ofBest model: BestModel?) -> [(String, MetricsLog.Value)] {
        guard let model else { return [("best_step", .null)] }
        return [("best_step", .integer(model.step))] + fields(metric.fields(ofCriterion: model.loss), prefix: "best_")
            + [("best_parameters_digest", .text(model.parametersDigest))]
    }

    /// The best validation of the steps so far, also of those of earlier jobs, if `best.safetensors` does not contain its parameters. A run that is
    /// done does not compute those of later steps again.
    private func lostBest(_ state: TrainingState, _ ending: RunEnding) -> BestValidation? {
        let known = state.convergence.bestLoss.map { BestValidation(step: state.convergence.bestStep, loss: $0) }
        let lost = [known, plan.loggedBest].compactMap { $0 }
            .filter { ($0.step <= state.step || ending.outcome.stopReason == nil) && $0.loss < ending.best?.loss ?? .infinity }
        return lost.min { $0.loss < $1.loss }
    }

    private func lostFields(_ state: TrainingState, _ ending: RunEnding) -> [(String, MetricsLog.Value)] {
        lostBest(state, ending).map {
            [("lost_best_step", .integer($0.step))]
                + fields(Array(metric.fields(ofCriterion: $0.loss).prefix(1)), prefix: "lost_best_")
        } ?? []
    }

    private func testFields(_ ending: RunEnding) -> [(String, MetricsLog.Value)] {
        guard let test = ending.test else { return [] }
        return [("test_of", .text(ending.best == nil ? "last" : "best"))] + fields(test.testFields, prefix: "test_")
    }

    private func sayTest(_ test: any TaskScore, _ ending: RunEnding) {
        let model = ending.best == nil ? "with the last parameters, because there are no best ones" : "with the best parameters"
        let lines = test.testLines(tokens: configuration.tokens)
        say("  test     \(lines.first ?? ""), \(model)")
        for line in lines.dropFirst() { say("           \(line)") }
    }

    private func endingText(_ state: TrainingState) -> EndingText {
        EndingText(
            configuration: configuration, state: state, stepsBefore: plan.state.step,
            seconds: Double(MonotonicClock.nanoseconds - start) / 1e9)
    }

    /// The entropy of the built-in source is known, and so is the optimal perplexity.
    private func sayOptimum(_ best: Double) {
        let optimum = EmbeddedReberGrammar.optimalPerplexity
        let above = (exponential(best) / optimum - 1) * 100
        if above > 1000 {
            return say(
                "  optimum  perplexity \(NumberText.fixed(optimum, 4)); the model's perplexity is \(NumberText.significant(1 + above / 100, 3)) times that"
            )
        }
        say(
            "  optimum  perplexity \(NumberText.fixed(optimum, 4)); the model's perplexity "
                + "\(NumberText.perplexity(exponential(best), digits: 4)) is \(NumberText.fixed(abs(above), 2)) % \(above < 0 ? "below it (on this sample)" : "above it")"
        )
    }
}
