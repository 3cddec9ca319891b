import Communication
import Digests
import Foundation
import TextData

/// What rank 0 tells of a run: lines for people on standard output, and lines of `metrics.jsonl`. Silent on other ranks.
final class TrainingReport {
    private let plan: RunPlan
    private let log: MetricsLog?
    private let windowCount: Int
    private let progress: ProgressLine
    private var intervalStart = MonotonicClock.nanoseconds
    private var stepsAtStart = 0
    private let start = MonotonicClock.nanoseconds

    /// - Parameters:
    ///   - log: rank 0's; nil elsewhere.
    ///   - windowCount: steps in an epoch.
    init(plan: RunPlan, log: MetricsLog?, windowCount: Int) {
        self.plan = plan
        self.log = log
        self.windowCount = windowCount
        progress = ProgressLine()
    }

    private var configuration: TrainingConfiguration { plan.configuration }

    /// A line for people.
    func say(_ line: String) {
        if log != nil { progress.line(line) }
    }

    // MARK: Start and end

    func start(_ run: RunDescription, state: TrainingState) throws {
        guard let log else { return }
        stepsAtStart = state.step
        if let notice = run.notice { say(notice) }
        say("rnntrain \(run.version): \(modelLine), \(NumberText.scaled(Double(run.parameterCount))) parameters")
        let texts =
            "train \(NumberText.grouped(run.trainTokens)) tokens"
            + (run.validTokens.map { ", valid \(NumberText.grouped($0))" } ?? "")
        say("  text     \(configuration.tokens.rawValue) vocabulary \(NumberText.grouped(run.vocabularySize)); \(texts)")
        say(
            "  ranks    \(run.rankCount) on \(run.nodeCount) host\(run.nodeCount == 1 ? "" : "s") (\(run.transport)), "
                + (run.teamRankCount > 1 ? "teams of \(run.teamRankCount), " : "")
                + "\(configuration.shards ?? 1) shards, kernels \(run.level), memory \(memoryText(run.memory))")
        say("  run      \(plan.runFolder)" + (plan.isResumed ? ", resumed after step \(state.step)" : ""))
        try log.write(
            plan.isResumed ? "resume" : "start",
            [
                ("version", .text(run.version)), ("step", .integer(state.step)), ("ranks", .integer(run.rankCount)),
                ("shards", .integer(configuration.shards ?? 1)), ("hosts", .integer(run.nodeCount)),
                ("team_ranks", .integer(run.teamRankCount)),
                ("kernels", .text(run.level)), ("vocabulary_size", .integer(run.vocabularySize)),
                ("parameters", .integer(run.parameterCount)), ("train_tokens", .integer(run.trainTokens)),
                ("private_bytes", .integer(run.memory.privateBytes)), ("shared_bytes", .integer(run.memory.sharedBytes)),
            ])
    }

    private var modelLine: String {
        let c = configuration
        return "\(c.cell.rawValue) \(c.layers) x \(c.hiddenSize), embedding \(c.embeddingSize)"
            + (c.tieWeights ? " (tied)" : "")
    }

    private func memoryText(_ memory: TrainingMemory) -> String {
        "\(NumberText.scaled(Double(memory.privateBytes), unit: "B")) private + "
            + "\(NumberText.scaled(Double(memory.sharedBytes), unit: "B")) shared"
    }

    func end(_ outcome: TrainingOutcome, state: TrainingState, testLoss: Double?, digest: UInt64) throws {
        guard let log else { return }
        progress.clear()
        var fields: [(String, MetricsLog.Value)] = [
            ("reason", .text(outcome.rawValue)), ("step", .integer(state.step)), ("epoch", .integer(finishedEpoch(state))),
        ]
        if let best = state.convergence.bestLoss { fields.append(("best_perplexity", .number(exp(best)))) }
        if let testLoss { fields += [("test_loss", .number(testLoss)), ("test_perplexity", .number(exp(testLoss)))] }
        try log.write("end", fields + [("parameters_digest", .text(digest.hexadecimal))])
        say(endLine(outcome, state))
        if let best = state.convergence.bestLoss {
            say("  best     valid \(lossText(best)) after step \(state.convergence.bestStep)")
        }
        if let testLoss { say("  test     \(lossText(testLoss)), with the best parameters") }
        if configuration.usesBuiltInSource, let best = state.convergence.bestLoss { sayOptimum(best) }
        say("  digest   \(digest.hexadecimal)")
        say("  run      \(plan.runFolder)")
        try log.finish()
    }

    private func endLine(_ outcome: TrainingOutcome, _ state: TrainingState) -> String {
        let time = NumberText.duration(seconds: Double(MonotonicClock.nanoseconds - start) / 1e9)
        switch outcome {
        case .converged: return "converged after \(state.step) steps, in \(time)"
        case .epochs: return "done: \(configuration.epochs) epochs, \(state.step) steps, in \(time)"
        case .preempted:
            return "stopped on request after step \(state.step); go on with: rnntrain --run \(plan.runFolder) --resume"
        }
    }

    /// The built-in source's entropy is known, so that one can say how good is possible.
    private func sayOptimum(_ best: Double) {
        let optimum = EmbeddedReberGrammar.optimalPerplexity
        let above = (exp(best) / optimum - 1) * 100
        say(
            "  optimum  perplexity \(NumberText.fixed(optimum, 4)) is the source's own; the model's "
                + "\(NumberText.fixed(exp(best), 4)) is \(NumberText.fixed(abs(above), 2)) % \(above < 0 ? "below (by the sample's luck)" : "above")"
        )
    }

    // MARK: On the way

    /// A line on the steps since the last one. `norm` and `rate` are those of the last step, before clipping.
    func step(_ state: TrainingState, norm: Double, rate: Double) throws {
        guard let log else { return }
        let now = MonotonicClock.nanoseconds
        let speed = Double(state.interval.tokens) / max(1e-9, Double(now - intervalStart) / 1e9)
        let epoch = finishedEpoch(state)
        try log.write(
            "step",
            [
                ("step", .integer(state.step)), ("epoch", .integer(epoch)), ("tokens", .integer(state.tokens)),
                ("loss", .number(state.interval.meanLoss)), ("gradient_norm", .number(norm)),
                ("clipped", .number(state.interval.clippedShare)), ("skipped", .integer(state.interval.skipped)),
                ("learning_rate", .number(rate)), ("tokens_per_second", .number(speed.rounded())),
            ])
        let skipped = state.interval.skipped > 0 ? "  \(state.interval.skipped) skipped: gradient not finite" : ""
        progress.show(
            "epoch \(epoch)/\(configuration.epochs)  step \(state.step)/\(windowCount * configuration.epochs)  "
                + "loss \(lossText(state.interval.meanLoss))  norm \(NumberText.significant(norm, 3))"
                + " (\(Int((state.interval.clippedShare * 100).rounded())) % clipped)  rate \(NumberText.significant(rate))  "
                + "\(NumberText.grouped(Int(speed))) tokens/s  \(timeLeft(state, now: now)) left" + skipped,
            done: Double(state.step) / Double(windowCount * configuration.epochs))
        intervalStart = now
    }

    /// After a validation that began at `start` on the monotonic clock: its time is none of the steps'.
    func validation(_ state: TrainingState, loss: Double, improved: Bool, digest: UInt64, start validationStart: Int64) throws {
        guard let log else { return }
        try log.write(
            "validation",
            [
                ("step", .integer(state.step)), ("epoch", .integer(finishedEpoch(state))), ("loss", .number(loss)),
                ("perplexity", .number(exp(loss))), ("best", .flag(improved)), ("parameters_digest", .text(digest.hexadecimal)),
            ])
        say(
            "epoch \(finishedEpoch(state))/\(configuration.epochs)  step \(state.step)  valid \(lossText(loss))"
                + (improved ? "  best" : "  no improvement (\(state.convergence.withoutImprovement))"))
        intervalStart += MonotonicClock.nanoseconds - validationStart
    }

    /// After the run has gone back to the state of a checkpoint.
    func rollback(_ state: TrainingState, foundAt step: Int, reason: String) throws {
        intervalStart = MonotonicClock.nanoseconds
        guard let log else { return }
        try log.write(
            "rollback",
            [
                ("step", .integer(state.step)), ("found_at", .integer(step)), ("reason", .text(reason)),
                ("rate_scale", .number(state.rateScale ?? 1)),
            ])
        let rate = state.rateScale.map { ", with the learning rate times \(NumberText.significant($0))" } ?? ""
        say("step \(step): \(reason): back to the checkpoint after step \(state.step)\(rate)")
    }

    func checkpoint(_ state: TrainingState, path: String) throws {
        try log?.write("checkpoint", [("step", .integer(state.step)), ("path", .text(path))])
    }

    // MARK: Parts of lines

    /// The epoch that the last step belonged to.
    private func finishedEpoch(_ state: TrainingState) -> Int {
        state.window == 0 && state.step > 0 ? state.epoch - 1 : state.epoch
    }

    /// `4.5123, perplexity 91.13`, and for characters and bytes the bits of each.
    private func lossText(_ loss: Double) -> String {
        let bits =
            configuration.tokens == .word ? "" : ", \(NumberText.fixed(loss / log2Nats, 3)) bits/\(configuration.tokens.rawValue)"
        let perplexity = exp(loss)
        return "\(NumberText.fixed(loss, 4)), perplexity \(NumberText.fixed(perplexity, perplexity < 10 ? 4 : 2))\(bits)"
    }

    private var log2Nats: Double { 0.693_147_180_559_945_3 }

    private func timeLeft(_ state: TrainingState, now: Int64) -> String {
        let done = state.step - stepsAtStart
        guard done > 0 else { return "?" }
        let left = windowCount * configuration.epochs - state.step
        return NumberText.duration(seconds: Double(now - start) / 1e9 / Double(done) * Double(left))
    }
}
