import Optimizers
import Communication
import Configuration
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
    let sampling: TextSampling?
    let rule: ConvergenceRule
    package internal(set) var state: TrainingState
    var deadline: Deadline
    /// Whether this job has arrived directly before its first step, with a checkpoint from which the run can be resumed.
    private(set) var hasBegun = false
    /// The number of steps of earlier jobs of this run.
    private let firstStep: Int
    /// The error that kept this rank from reading the window of the step.
    var inputFault: TextDataError?
    /// How often this job has returned to a checkpoint, and to which step most recently.
    package internal(set) var rollbacks = 0
    /// Whether this job has made a step, or failed in its first one; also if it has returned to the beginning since.
    var hasStepped = false
    var lastRestoredStep: Int?
    /// Whether the last two returns were to the same checkpoint.
    var hasReturnedAgain = false
    /// The step that is being made, or after which the job validates or saves.
    var currentStep: Int
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
        (firstStep, currentStep) = (state.step, state.step)
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
        if let reason = try doAwaitedWork() { return try save(stopping: reason) }
        while state.epoch <= configuration.epochs, !rule.isConverged(state.convergence) {
            let flags = try step()
            try logGradientsIfDue()
            if let reason = flags.stopReason { return try preempt(reason) }
            if validationIsDue, let reason = try validate() { return try preempt(reason) }
            if sampleIsDue { try sample() }
            if checkpointIsDue(flags) { try saveCheckpoint() }
        }
        if let reason = try validateAtEnd() { return try save(stopping: reason) }
        try saveCheckpoint()
        try keeper.finish()
        return rule.isConverged(state.convergence) ? .converged : .epochs
    }

    /// Does what was due when the job before this one stopped. Returns the reason to stop meanwhile.
    private func doAwaitedWork() throws -> StopReason? {
        if state.awaitsValidation == true, let reason = try validate() {
            try requireProgress(reason, in: "the validation")
            return reason
        }
        if state.awaitsSample == true, configuration.sampleEvery > 0 { try sample() }
        state.awaitsSample = nil
        return nil
    }

    /// Validates the last step of a run that has no validation of it: a resume with fewer epochs may end a run at any step.
    private func validateAtEnd() throws -> StopReason? {
        guard !state.isValidated, !rule.isConverged(state.convergence), let reason = try validate() else { return nil }
        try requireProgress(reason, in: "the validation")
        return reason
    }

    // MARK: Between steps

    /// A signal before the first step. The state of the run is that on disk.
    ///
    /// Throws `TrainingError.noTime` on all ranks if the time limit has passed, because a job with the same limit would make no
    /// progress either.
    private func reasonNotToBegin() throws -> StopReason? {
        guard !hasBegun else { return nil }
        hasBegun = true
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
        try keeper.save(state) {
            try report.checkpoint(state, path: keeper.path(step: state.step), parametersDigest: $0)
        }
    }

    /// A due validation or sample is left to the resumed job, because a request to stop usually allows little time.
    private func preempt(_ reason: StopReason) throws -> TrainingOutcome {
        if validationIsDue { state.awaitsValidation = true }
        if sampleIsDue { state.awaitsSample = true }
        return try save(stopping: reason)
    }

    /// Saves the state of a run that is asked to stop.
    private func save(stopping reason: StopReason) throws -> TrainingOutcome {
        if reason == deadline.reason { report.limitUse = deadline.use(steps: state.step - firstStep) }
        try saveCheckpoint()
        try keeper.finish()
        return .preempted(reason)
    }
}
