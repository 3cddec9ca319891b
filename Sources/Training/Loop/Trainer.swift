import Optimizers
import Communication
import Configuration
import Digests
import Exchange
public import Failures
package import Runs
import Tensors
import TextData

/// The outcome of a run.
public enum TrainingOutcome: Equatable, Sendable {
    /// The validation loss no longer improves.
    case converged
    /// All epochs are complete.
    case epochs
    /// The run stopped on request, and a checkpoint exists for a resume.
    case preempted(StopReason)

    /// The outcome in `metrics.jsonl`.
    public var name: String {
        switch self {
        case .converged: "converged"
        case .epochs: "epochs"
        case .preempted: "preempted"
        }
    }

    /// The reason of the stop; nil if the run is complete.
    public var stopReason: StopReason? { if case .preempted(let reason) = self { reason } else { nil } }

    /// The exit status of the process.
    public var exitStatus: ExitStatus { stopReason == nil ? .done : .preempted }
}

/// The training loop of one rank. All ranks run it synchronously.
package final class Trainer {
    let world: World
    let configuration: TrainingConfiguration
    package let parallel: ParallelModel
    let train: any BatchSource
    let valid: (any BatchSource)?
    let keeper: CheckpointKeeper
    let report: TrainingReport
    let window: WindowBuffers
    let schedule: LearningRateRule
    let trainingStep: TrainingStep
    /// Nil if gradients are not tracked.
    let hiddenGradients: HiddenGradientSums?
    /// Generates samples; nil without samples, and on ranks other than 0.
    private let sampling: TextSampling?
    private let rule: ConvergenceRule
    package internal(set) var state: TrainingState
    var deadline: Deadline
    private var isFirstAttempt = true
    /// The number of steps of earlier jobs of this run.
    private let firstStep: Int
    /// The error that kept this rank from reading the window of the step.
    var inputFault: TextDataError?
    /// How often this job has returned to a checkpoint, and to which step most recently.
    package internal(set) var rollbacks = 0
    /// Whether this job has made a step, also if it has returned to the beginning since.
    var hasStepped = false
    var lastRestoredStep: Int?
    var updatesAtRestoration = -1
    /// A hook for tests, called at moments of a step, to inject faults.
    package var disturb: ((StepMoment) -> Void)?
    /// Called on rank 0 directly before the first step.
    var whenReady: (() throws -> Void)?

    init(
        world: World, configuration: TrainingConfiguration, parallel: ParallelModel, texts: RunTexts, keeper: CheckpointKeeper,
        report: TrainingReport, sampling: TextSampling?, state: TrainingState
    ) {
        self.world = world
        self.configuration = configuration
        self.parallel = parallel
        train = texts.train
        valid = texts.valid
        self.keeper = keeper
        self.report = report
        window = WindowBuffers(steps: configuration.mostSteps, streams: parallel.streams.count)
        schedule = LearningRateRule(configuration, stepsPerEpoch: texts.train.windowCount)
        rule = configuration.convergenceRule
        trainingStep = TrainingStep(parallel, configuration)
        hiddenGradients =
            configuration.trackGradients == 0
            ? nil
            : HiddenGradientSums(
                layers: configuration.layers, maximumSteps: configuration.mostSteps, streams: parallel.streams.count)
        self.sampling = sampling
        self.state = state
        firstStep = state.step
        deadline = Deadline(limit: configuration.timeLimit)
    }

    /// Trains to the end, or until a signal or a time limit requests a stop. After a fault it returns to a checkpoint.
    /// Collective.
    package func run() throws -> TrainingOutcome {
        while true {
            do {
                return try trainToEnd()
            } catch let fault as RunFault {
                try recover(from: fault)
            }
        }
    }

    private func trainToEnd() throws -> TrainingOutcome {
        Watchdog.beginWork()
        if state.step == 0, !hasStepped { try saveBeginning() }
        _ = try world.agreeOnRoot { try whenReady?() }
        whenReady = nil
        if let reason = try reasonNotToBegin() { return .preempted(reason) }
        report.beginSteps(state)
        deadline.noteStart()
        if state.awaitsValidation == true, let reason = try validate() {
            try requireProgress(reason, in: "the validation")
            return try preempt(reason)
        }
        while state.epoch <= configuration.epochs, !rule.isConverged(state.convergence) {
            let flags = try step()
            try logGradientsIfDue()
            if let reason = flags.stopReason { return try preempt(reason) }
            if validationIsDue, let reason = try validate() { return try preempt(reason) }
            try sampleIfDue()
            if checkpointIsDue(flags) { try saveCheckpoint() }
        }
        try saveCheckpoint()
        try keeper.finish()
        return rule.isConverged(state.convergence) ? .converged : .epochs
    }

    // MARK: Between steps

    /// A signal before the first step. The state of the run is that on disk.
    ///
    /// Throws `TrainingError.noTime` on all ranks if the time limit has passed, because a job with the same limit would make no
    /// progress either.
    private func reasonNotToBegin() throws -> StopReason? {
        guard isFirstAttempt else { return nil }
        isFirstAttempt = false
        let flags = StepFlags(rawValue: Int32(try world.max(Int(deadline.startFlags.rawValue))))
        if case .signal? = flags.stopReason { return flags.stopReason }
        if let reason = flags.stopReason { throw try agreed(.noTime(reason, limit: configuration.timeLimit)) }
        return nil
    }

    /// Throws `TrainingError.noTimeFor` on all ranks if a time limit ends a job that has made no step: the next job with this limit would do the
    /// same work again, and end in it. Collective.
    func requireProgress(_ reason: StopReason, in work: String) throws {
        if case .signal = reason { return }
        if state.step == firstStep { throw try agreed(.noTimeFor(work, reason, limit: configuration.timeLimit)) }
    }

    func logIfDue(norm: Double, rate: Double) throws {
        guard state.step % configuration.logEvery == 0 else { return report.showIfDue(state, norm: norm, rate: rate) }
        try report.step(state, norm: norm, rate: rate)
        state.interval = IntervalSums()
    }

    private var validationIsDue: Bool { validationIsDue(after: state.step, epochEnds: state.window == 0) }

    func validationIsDue(after step: Int, epochEnds: Bool) -> Bool {
        guard valid != nil else { return false }
        if configuration.validateEvery > 0, step % configuration.validateEvery == 0 { return true }
        if configuration.validateEvery == 0 { return epochEnds }
        // The last of all epochs. The number of epochs may be the largest integer.
        return epochEnds && step / train.windowCount == configuration.epochs
    }

    /// Measures the model on the validation text. Rank 0 decides on its consequences, and all ranks follow. If a signal arrives meanwhile, or a
    /// time limit is near, returns this as the reason to stop, and the validation has no effect.
    private func validate() throws -> StopReason? {
        guard let valid else { return nil }
        try requireSoundParameters()
        try parallel.exchangeAverage()
        let reason = try validate(on: valid)
        try parallel.exchangeAverage()
        return reason
    }

    /// The same for the parameters as they are.
    private func validate(on valid: any BatchSource) throws -> StopReason? {
        Watchdog.enter(.validation, step: state.step)
        let start = MonotonicClock.nanoseconds
        let metric = configuration.taskType.metric
        let measured = try parallel.measure(valid, countsHits: metric.countsHits, window: window, world: world) {
            validationFlags.rawValue
        }
        guard let found = measured.measurement else { return StepFlags(rawValue: measured.flags).stopReason }
        let criterion = try world.broadcast(metric.criterion(found))
        state.awaitsValidation = nil
        noteAverage(criterion)
        let improved = rule.take(loss: criterion, step: state.step, into: &state.convergence)
        let model = BestModel(step: state.step, loss: criterion, parametersDigest: parallel.parametersDigest.hexadecimal)
        let isBest = isBest(model, improved: improved)
        try report.validation(state, found, model, improved: improved, best: isBest ? model : keeper.best, start: start)
        deadline.noteValidation(start: start)
        if isBest { try saveBest(model) }
        return nil
    }

    private func saveBest(_ model: BestModel) throws {
        var saved = state
        if parallel.optimizer.rule.averaging != nil { saved.holdsAverage = true }
        try keeper.saveBest(model, saved)
    }

    /// Begins the average of the parameters, if a rule begins it after this validation.
    private func noteAverage(_ loss: Double) {
        guard case .afterValidations(let interval)? = parallel.optimizer.rule.averaging else { return }
        var averaging = state.averaging ?? AveragingState()
        averaging.take(loss: loss, updates: state.updates, interval: interval)
        state.averaging = averaging
        parallel.optimizer.averagingStart = averaging.start
    }

    /// Whether a model replaces `best.safetensors`: it is better than or the same as the current content.
    ///
    /// Steps that were rolled back, or steps of an earlier job, may have given a better model than all steps that led to this
    /// one. An improvement replaces the file whenever its loss is lower, even by less than `epsilon`: the loss in the file must never
    /// exceed the best one in the state, or the file would pass for another run's.
    private func isBest(_ model: BestModel, improved: Bool) -> Bool {
        guard let kept = keeper.best else { return model.loss.isFinite }
        return model == kept || rule.isImprovement(loss: model.loss, on: kept.loss) || (improved && model.loss < kept.loss)
    }

    /// Rank 0 generates and logs a text every `sampleEvery` steps.
    private func sampleIfDue() throws {
        guard configuration.sampleEvery > 0, state.step % configuration.sampleEvery == 0 else { return }
        Watchdog.enter(.sample, step: state.step)
        let start = MonotonicClock.nanoseconds
        try parallel.exchangeAverage()
        _ = try world.agreeOnRoot {
            if let sampling { try report.sample(state, try sampling.text(step: state.step), start: start) }
        }
        try parallel.exchangeAverage()
    }

    /// The flags that request a stop during a validation, after which a checkpoint is written. A rank does not learn of another's flags before
    /// the end, so that each one looks at its own clock.
    private var validationFlags: StepFlags {
        let signals = StepFlags(signals: StopSignals.received)
        let isNear = deadline.isNear(
            checkpointBytes: keeper.leastByteCount, checkpointNanoseconds: keeper.slowestWrite, validationWindows: 0)
        return isNear ? signals.union(StepFlags(deadline.reason)) : signals
    }

    /// The flags that request a stop when there is nothing to save: a signal or, on rank 0, the clock.
    package var stopFlags: StepFlags {
        let signals = StepFlags(signals: StopSignals.received)
        guard world.isRoot, deadline.isNear(checkpointBytes: 0, checkpointNanoseconds: 0, validationWindows: 0) else {
            return signals
        }
        return signals.union(StepFlags(deadline.reason))
    }

    /// No checkpoint is due while updates are skipped, because the last valid checkpoint must remain if the run has diverged.
    private func checkpointIsDue(_ flags: StepFlags) -> Bool {
        state.skippedInARow == 0 && (flags.contains(.checkpointTime) || keeper.isDue(step: state.step))
    }

    /// Waits for the first checkpoint, so that an unwritable folder is detected now.
    private func saveBeginning() throws {
        try requireSoundParameters()
        Watchdog.enter(.checkpoint)
        try keeper.save(state)
        try keeper.finish()
    }

    private func saveCheckpoint() throws {
        try requireSoundParameters()
        Watchdog.enter(.checkpoint, step: state.step)
        let digest = try keeper.save(state)
        try report.checkpoint(state, path: keeper.path(step: state.step), parametersDigest: digest ?? "")
    }

    /// A due validation is left to the resumed job, because a request to stop usually allows little time.
    private func preempt(_ reason: StopReason) throws -> TrainingOutcome {
        if validationIsDue { state.awaitsValidation = true }
        if reason == deadline.reason { report.limitUse = deadline.use(steps: state.step - firstStep) }
        try saveCheckpoint()
        try keeper.finish()
        return .preempted(reason)
    }
}
