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
        let vocabulary = "\(configuration.tokens.rawValue) vocabulary \(NumberText.grouped(run.vocabularySize))"
        say("  text     \(vocabulary); \(tokensText(run))")
        if run.validTokens != nil {
            say("  valid    validation in \(streamsText); evaluate and the test score a text as one stream")
        }
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
            ] + unknownFields(run))
        for (role, count) in texts(of: run) { count.warning(of: role.option).map { say("warning: \($0)") } }
    }

    private var streamsText: String { "\(configuration.batchSize) stream\(configuration.batchSize == 1 ? "" : "s")" }

    private func texts(of run: RunDescription) -> [(role: TextRole, count: UnknownCount)] {
        TextRole.allCases.compactMap { role in run.unknown[role].map { (role, $0) } }
    }

    /// `train 12,720 tokens (310 OOV, 2.44 %), valid 1,000 (41 OOV, 4.1 %)`; without OOVs where the vocabulary has no `<unk>`.
    private func tokensText(_ run: RunDescription) -> String {
        texts(of: run).map { role, count in
            let unknown = plan.special.unknown == nil ? "" : " (\(NumberText.grouped(count.unknown)) OOV, \(count.percent))"
            return "\(role.rawValue) \(NumberText.grouped(count.tokens))\(role == .train ? " tokens" : "")" + unknown
        }.joined(separator: ", ")
    }

    private func unknownFields(_ run: RunDescription) -> [(String, MetricsLog.Value)] {
        texts(of: run).flatMap { role, count -> [(String, MetricsLog.Value)] in
            let tokens = [("\(role.rawValue)_tokens", MetricsLog.Value.integer(count.tokens))]
            return (role == .train ? [] : tokens) + [("\(role.rawValue)_oovs", .integer(count.unknown))]
        }
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

    /// What `best` and `test` tell is of one model; `step`, `epoch` and `parameters_digest` are those of the last step.
    func end(_ ending: RunEnding, state: TrainingState) throws {
        guard let log else { return }
        progress.clear()
        try log.write(
            "end",
            [
                ("reason", .text(ending.outcome.rawValue)), ("step", .integer(state.step)),
                ("epoch", .integer(finishedEpoch(state))),
            ] + bestFields(ending) + testFields(ending) + [("parameters_digest", .text(ending.parametersDigest))])
        say(endLine(ending.outcome, state))
        if let best = ending.best {
            say("  best     valid \(lossText(best.loss)) after step \(best.step), digest \(best.parametersDigest)")
        }
        if let test = ending.test { sayTest(test, ending) }
        if configuration.usesBuiltInSource, let best = ending.best { sayOptimum(best.loss) }
        say("  last     step \(state.step), digest \(ending.parametersDigest)")
        say("  run      \(plan.runFolder)")
        try log.finish()
    }

    private func bestFields(_ ending: RunEnding) -> [(String, MetricsLog.Value)] {
        guard let best = ending.best else { return [] }
        return [
            ("best_step", .integer(best.step)), ("best_loss", .number(best.loss)), ("best_perplexity", .number(exponential(best.loss))),
            ("best_parameters_digest", .text(best.parametersDigest)),
        ]
    }

    private func testFields(_ ending: RunEnding) -> [(String, MetricsLog.Value)] {
        guard let test = ending.test else { return [] }
        return [
            ("test_of", .text(ending.best == nil ? "last" : "best")), ("test_tokens", .integer(test.tokens)),
            ("test_loss", .number(test.loss)), ("test_perplexity", .number(test.perplexity)),
            ("test_oovs", .integer(test.unknownTokens)),
            ("test_perplexity_excluding_oovs", test.perplexityWithoutUnknown.map { .number($0) } ?? .null),
        ]
    }

    private func sayTest(_ test: TextScore, _ ending: RunEnding) {
        let model = ending.best == nil ? "with the last parameters: there are no best ones" : "with the best parameters"
        say("  test     \(lossText(test.loss)), \(model)")
        if let text = test.unknownText { say("           \(text)") }
        if let warning = test.unknown.warning(of: TextRole.test.option) { say("warning: \(warning)") }
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
        let above = (exponential(best) / optimum - 1) * 100
        say(
            "  optimum  perplexity \(NumberText.fixed(optimum, 4)) is the source's own; the model's "
                + "\(NumberText.fixed(exponential(best), 4)) is \(NumberText.fixed(abs(above), 2)) % \(above < 0 ? "below (by the sample's luck)" : "above")"
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
    ///
    /// - Parameters:
    ///   - improved: on the steps that led here.
    ///   - best: what `best.safetensors` holds now.
    func validation(
        _ state: TrainingState, _ model: BestModel, improved: Bool, best: BestModel?, start validationStart: Int64
    ) throws {
        guard let log else { return }
        try log.write(
            "validation",
            [
                ("step", .integer(state.step)), ("epoch", .integer(finishedEpoch(state))),
                ("streams", .integer(configuration.batchSize)), ("loss", .number(model.loss)),
                ("perplexity", .number(exponential(model.loss))), ("best", .flag(model == best)),
                ("parameters_digest", .text(model.parametersDigest)),
            ])
        say(
            "epoch \(finishedEpoch(state))/\(configuration.epochs)  step \(state.step)  valid \(lossText(model.loss))"
                + verdict(state, model, improved: improved, best: best))
        intervalStart += MonotonicClock.nanoseconds - validationStart
    }

    private func verdict(_ state: TrainingState, _ model: BestModel, improved: Bool, best: BestModel?) -> String {
        let progress = improved ? "" : "  no improvement (\(state.convergence.withoutImprovement))"
        if model == best { return progress + "  best" }
        guard improved, let best else { return progress }
        return "  improved; step \(best.step) stays the best (\(NumberText.fixed(best.loss, 4)))"
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
        let perplexity = exponential(loss)
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
