import Communication
import Configuration
import Digests
import Failures
import Foundation
import Layers
import Runs
import Tasks
import TextData

/// The report of rank 0 on a run: readable lines on standard output, and lines of `metrics.jsonl`. Other ranks report nothing.
final class TrainingReport {
    let plan: RunPlan
    let log: MetricsLog?
    private let windowCount: Int
    let progress = ProgressLine()
    private var pace: TrainingPace
    var rankCount = 1
    private var hasShownStep = false
    private var divergence: DivergenceWatch
    /// The use of the time limit, if the job ended at it.
    var limitUse: LimitUse?
    let start = MonotonicClock.nanoseconds

    /// - Parameters:
    ///   - log: the log on rank 0; nil on other ranks.
    ///   - windowCount: steps in an epoch.
    ///   - validWindowCount: windows of the validation text; 0 without one.
    init(plan: RunPlan, log: MetricsLog?, windowCount: Int, validWindowCount: Int) {
        self.plan = plan
        self.log = log
        self.windowCount = windowCount
        divergence = plan.configuration.divergenceWatch(vocabularySize: plan.vocabularySize)
        pace = TrainingPace(plan.configuration, windowCount: windowCount, validWindowCount: validWindowCount)
    }

    var configuration: TrainingConfiguration { plan.configuration }

    /// Prints a line for the user, with control characters escaped, which may be in the names of files.
    func say(_ line: String) { sayCommand(Quotation.inFull(line)) }

    /// Prints a line as it is: with a command, whose words are quoted for a shell, or with a text, which is quoted already.
    func sayCommand(_ line: String) {
        if log != nil { progress.line(line) }
    }

    // MARK: Start

    /// - Parameter digest: that of the parameters from which a resumed run continues; nil for a new run.
    func start(_ run: RunDescription, state: TrainingState, digest: String?) throws {
        guard let log else { return }
        rankCount = run.rankCount
        if let notice = run.notice { say("note: \(notice)") }
        say("rnntrain \(run.version): \(modelLine), \(NumberText.scaled(Double(run.parameterCount))) parameters")
        let texts = TextSummary(run.unknown, plan)
        say("  text     \(texts.text)")
        sayBatches(run)
        if run.validTokens != nil, !configuration.separatesLines {
            say("  valid    the loss is measured over \(streamsText); evaluate and the test use one stream")
        }
        if estimatesTraining {
            say("  loss     in training an estimate from samples; validation, test and scores are exact")
        }
        sayRanks(run)
        say("  run      \(plan.runFolder)" + (plan.isResumed ? ", resumed after step \(state.step)" : ""))
        let origin: [(String, MetricsLog.Value)] = digest.map { [("parameters_digest", .text($0))] } ?? []
        try log.write(
            plan.isResumed ? "resume" : "start",
            [
                ("version", .text(run.version)), ("build", .text(run.builds.joined(separator: ", "))),
                ("step", .integer(state.step)), ("ranks", .integer(run.rankCount)),
                ("shards", .integer(configuration.shards ?? 1)), ("hosts", .integer(run.nodeCount)),
                ("team_ranks", .integer(run.teamRankCount)),
                ("kernels", .text(run.level)), ("vocabulary_size", .integer(run.vocabularySize)),
                ("parameters", .integer(run.parameterCount)), ("train_tokens", .integer(run.trainTokens)),
                ("seed", .integer(configuration.seed)), ("vocabulary_digest", .text(run.vocabularyDigest)),
                ("run_identity", .text(run.identity?.text ?? "")), ("tensorboard", .flag(configuration.tensorboard)),
                ("private_bytes", .integer(run.memory.privateBytes)), ("shared_bytes", .integer(run.memory.sharedBytes)),
            ] + origin + fields(ofBest: plan.best) + [
                ("fixed_keys", .text(configuration.fixedText)), ("free_keys", .text(configuration.freeText)),
            ]
                + run.textDigests.sorted { $0.key < $1.key }.map { (LoggedModels.field(ofDigest: $0.key), .text($0.value)) }
                + (estimatesTraining ? [("training_loss", .text("estimated from samples"))] : [])
                + (run.paddingShare.map { [("padding_share", .number($0))] } ?? []) + texts.fields + coverageFields(run))
        // Before the first checkpoint of the job, so that a checkpoint without a line of its job is not of this run.
        log.synchronize()
        warn(of: texts)
    }

    private func sayBatches(_ run: RunDescription) {
        if let share = run.paddingShare {
            say("  batches  sentences; \(NumberText.significant(share * 100, 3)) % of their rows are padding")
        }
        if run.lateLabelShare > 0.01 { say(lateLabelsText(run.lateLabelShare)) }
    }

    private func sayRanks(_ run: RunDescription) {
        say(
            "  ranks    \(run.rankCount) on \(counted(run.nodeCount, "host")) (\(run.transport)), "
                + (run.teamRankCount > 1 ? "teams of \(run.teamRankCount), " : "")
                + "\(counted(configuration.shards ?? 1, "shard")), kernels \(run.level), memory \(memoryText(run.memory))")
        if let cores = run.coresText { say("  cores    \(cores)") }
        if configuration.teams == .always, run.teamRankCount <= 1 { StandardError.note(noTeamsText(run)) }
        if run.builds.count > 1 {
            StandardError.warn(
                "the ranks run \(run.builds.count) builds of the program, \(run.builds.joined(separator: ", ")), whose numbers may differ. Start "
                    + "the same program on all hosts.")
        }
    }

    private func noTeamsText(_ run: RunDescription) -> String {
        let reason =
            run.rankCount == 1
            ? "there is one rank"
            : run.transport == "messages"
                ? "no two ranks share memory" : "the layers of this model cannot be split by hidden units"
        return "--teams always has no effect in this run, because \(reason)."
    }

    private func warn(of texts: TextSummary) {
        texts.warnings.forEach(StandardError.warn)
        guard !plan.isResumed else { return }
        if let warning = configuration.ranksWarning { StandardError.warn(warning) }
        configuration.startNotes(vocabularySize: plan.vocabularySize).forEach { StandardError.note($0) }
    }

    /// Whether the training loss is an estimate.
    private var estimatesTraining: Bool { configuration.estimatesTrainingLoss }

    private func lateLabelsText(_ share: Double) -> String {
        "  bptt     \(NumberText.significant(share * 100, 3)) % of the training lines are longer than --bptt \(configuration.windowLength): only "
            + "their last windows have a loss and a gradient. Raise --bptt"
    }

    private var streamsText: String { counted(configuration.batchSize, "stream") }

    private func coverageFields(_ run: RunDescription) -> [(String, MetricsLog.Value)] {
        run.coverage.map {
            [("word_vectors_found", .integer($0.symbols)), ("word_vectors_train_tokens", .integer($0.tokens))]
        } ?? []
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

    // MARK: During training

    /// Notes that steps begin, from `state`: at the start, and after the run has returned to a checkpoint.
    func beginSteps(_ state: TrainingState) {
        pace.begin(state)
        hasShownStep = false
    }

    /// Logs the steps since the last such line. `norm` (before clipping) and `rate` are those of the last step.
    func step(_ state: TrainingState, norm: Double, rate: Double) throws {
        guard let log else { return }
        try log.write(
            "step",
            [
                ("step", .integer(state.step)), ("epoch", .integer(state.lastEpoch)), ("tokens", .integer(state.tokens)),
                ("loss", .number(state.interval.meanLoss)), ("gradient_norm", .number(norm)),
                ("clipped", .number(clippedShare(state))), ("skipped", .integer(state.interval.skipped)),
                ("learning_rate", .number(rate)), ("tokens_per_second", .number(pace.tokensPerSecond(state).rounded())),
            ])
        show(state, norm: norm, rate: rate)
        pace.beginInterval(state)
    }

    /// The share of clipped steps since the last log line; not a number if each element is clipped by itself, because no step counts then.
    private func clippedShare(_ state: TrainingState) -> Double {
        configuration.clip > 0 && configuration.clipMode == .value ? .nan : state.interval.clippedShare
    }

    /// Shows progress between the log lines: after the first step and, on a terminal, every second.
    func showIfDue(_ state: TrainingState, norm: Double, rate: Double) {
        if log != nil, !hasShownStep || progress.isDue { show(state, norm: norm, rate: rate) }
    }

    private func show(_ state: TrainingState, norm: Double, rate: Double) {
        hasShownStep = true
        let loss = state.interval.meanLoss
        if !loss.isNaN, let text = divergence.warning(loss: loss, step: state.step) { StandardError.warn(text) }
        let stepCount = plannedSteps
        var text = ProgressText()
        text.add("epoch \(state.lastEpoch)/\(configuration.epochs)", importance: 9)
        text.add("step \(state.step)/\(stepCount)", importance: 5)
        text.add("loss \(loss.isNaN ? "-" : NumberText.fixed(loss, 4))", importance: 4)
        let figures = loss.isNaN ? [] : metric.texts(ofLoss: loss, tokens: configuration.tokens)
        // The perplexity of an estimate would pass for that of the model.
        for (figure, importance) in zip(estimatesTraining ? [] : figures, [10, 1]) {
            text.add(figure, importance: importance, lead: ", ")
        }
        text.add("gradient norm \(norm.isNaN ? "-" : NumberText.significant(norm, 3))", importance: 3)
        let clipped = clippedShare(state) * 100
        if !clipped.isNaN { text.add("(\(Int(clipped.rounded())) % clipped)", importance: 0, lead: " ") }
        text.add("rate \(NumberText.significant(rate))", importance: 2)
        text.add("\(NumberText.grouped(Int(pace.tokensPerSecond(state)))) tokens/s", importance: 6)
        text.add("\(NumberText.duration(seconds: pace.secondsLeft(state))) left", importance: 8)
        if state.interval.skipped > 0 { text.add("\(state.interval.skipped) skipped: gradient not finite", importance: 8) }
        progress.show(text, done: Double(state.step) / Double(stepCount))
    }

    /// Reports a validation that began at `start` on the monotonic clock, first on the output: a log that throws does not hide the figures.
    ///
    /// - Parameters:
    ///   - improved: whether it improves on earlier validations of this run.
    ///   - best: the model in `best.safetensors`.
    func validation(
        _ state: TrainingState, _ measurement: ValidationResult, _ model: BestModel, improved: Bool, best: BestModel?,
        start validationStart: Int64
    ) throws {
        guard let log else { return }
        if !measurement.loss.isFinite, divergence.isFirst() {
            StandardError.warn(
                "step \(state.step): the validation loss is not finite: the numbers of the model overflow. Use a lower --learning-rate, a smaller "
                    + "--init-scale or fewer --layers.")
        }
        say(
            "epoch \(state.lastEpoch)/\(configuration.epochs)  step \(state.step)  validation "
                + metric.text(measurement, tokens: configuration.tokens)
                + verdict(state, model, improved: improved, best: best))
        // Its time does not count for the speed of steps.
        pace.noteValidation(start: validationStart)
        try log.write(
            "validation",
            [
                ("step", .integer(state.step)), ("epoch", .integer(state.lastEpoch)),
                ("streams", .integer(configuration.batchSize)), ("loss", .number(measurement.loss)),
            ] + fields(metric.fields(measurement)) + [
                ("best", .flag(model == best)), ("parameters_digest", .text(model.parametersDigest)),
            ])
    }

    private func verdict(_ state: TrainingState, _ model: BestModel, improved: Bool, best: BestModel?) -> String {
        let progress = improved ? "" : "  no improvement (\(state.convergence.withoutImprovement))"
        if model == best { return progress + "  new best" }
        guard improved, let best else { return progress }
        return "  improved; the best is still step \(best.step) (\(text(ofCriterion: best.loss)))"
    }

    /// Logs the sums of the magnitudes of hidden gradients, by layer.
    func gradients(_ state: TrainingState, _ sums: [Double]) throws {
        guard let log else { return }
        try log.write(
            "gradients",
            [("step", .integer(state.step)), ("epoch", .integer(state.lastEpoch))]
                + sums.enumerated().map { ("hidden_gradient_l\($0)", .number($1)) })
    }

    /// Reports a text that the model generated, from `start` on the monotonic clock; nil if its numbers overflow.
    func sample(_ state: TrainingState, _ text: String?, start: Int64) throws {
        defer { pace.exclude(since: start) }
        guard let log, let text else { return }
        let shown = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: " / ")
        sayCommand(
            "epoch \(state.lastEpoch)/\(configuration.epochs)  step \(state.step)  "
                + "sample: \(Quotation.of(shown, as: .text, longest: 200))")
        try log.write(
            "sample", [("step", .integer(state.step)), ("epoch", .integer(state.lastEpoch)), ("text", .text(text))])
    }

    // MARK: Parts of lines

    var metric: any Metric { configuration.taskType.metric }

    /// The value of a model's criterion, as people know it.
    func text(ofCriterion criterion: Double) -> String { metric.text(ofCriterion: criterion, tokens: configuration.tokens) }

    /// Figures as fields of the log.
    func fields(_ figures: [Figure], prefix: String = "") -> [(String, MetricsLog.Value)] {
        figures.map { (prefix + $0.name, MetricsLog.Value($0.value)) }
    }

    /// Steps of all epochs.
    private var plannedSteps: Int {
        let (product, overflow) = windowCount.multipliedReportingOverflow(by: configuration.epochs)
        return overflow ? Int.max : product
    }
}

extension MetricsLog.Value {
    init(_ value: Figure.Value) {
        switch value {
        case .integer(let integer): self = .integer(integer)
        case .number(let number): self = .number(number)
        case .none: self = .null
        }
    }
}
