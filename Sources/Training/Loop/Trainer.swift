import Communication
import Configuration
import Digests
import Exchange
public import Failures
package import Runs
import Tensors
import TextData

/// Why a run ended.
public enum TrainingOutcome: Equatable, Sendable {
    /// No improvement on validation any more.
    case converged
    /// All epochs are done.
    case epochs
    /// Asked to stop; a checkpoint is there to go on from.
    case preempted(StopReason)

    /// The outcome in `metrics.jsonl`.
    public var name: String {
        switch self {
        case .converged: "converged"
        case .epochs: "epochs"
        case .preempted: "preempted"
        }
    }

    /// What asked to stop; nil where the run has ended by itself.
    public var stopReason: StopReason? { if case .preempted(let reason) = self { reason } else { nil } }

    /// The status of the process.
    public var exitStatus: ExitStatus { stopReason == nil ? .done : .preempted }
}

/// The training loop of one rank; all ranks run it in step.
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
    private let rule: ConvergenceRule
    package internal(set) var state: TrainingState
    var deadline: Deadline
    private var isFirstAttempt = true
    /// The steps of earlier jobs of this run.
    private let firstStep: Int
    /// What kept this rank from reading its window of the step.
    var inputFault: TextDataError?
    /// How often this job has gone back to a checkpoint, and to which step the last time.
    package internal(set) var rollbacks = 0
    var lastRestoredStep: Int?
    var updatesAtRestoration = -1
    /// Called at moments of a step, to disturb it: for tests.
    package var disturb: ((StepMoment) -> Void)?
    /// Called on rank 0 when only the first step is left to do.
    var whenReady: (() throws -> Void)?

    init(
        world: World, configuration: TrainingConfiguration, parallel: ParallelModel, texts: RunTexts, keeper: CheckpointKeeper,
        report: TrainingReport, state: TrainingState
    ) {
        self.world = world
        self.configuration = configuration
        self.parallel = parallel
        train = texts.train
        valid = texts.valid
        self.keeper = keeper
        self.report = report
        window = WindowBuffers(steps: configuration.windowLength, streams: parallel.streams.count)
        schedule = LearningRateRule(configuration, stepsPerEpoch: texts.train.windowCount)
        rule = configuration.convergenceRule
        self.state = state
        firstStep = state.step
        deadline = Deadline(limit: configuration.timeLimit)
    }

    /// Trains to the end, or until a signal or the time asks to stop. After a fault it goes back to a checkpoint. Collective.
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
        if state.step == 0 { try saveBeginning() }
        _ = try world.agreeOnRoot { try whenReady?() }
        whenReady = nil
        if let reason = try reasonNotToBegin() { return .preempted(reason) }
        report.beginSteps(state)
        deadline.noteStart()
        if state.awaitsValidation == true, let reason = try validate() { return try preempt(reason) }
        while state.epoch <= configuration.epochs, !rule.isConverged(state.convergence) {
            let flags = try step()
            if let reason = flags.stopReason { return try preempt(reason) }
            if validationIsDue, let reason = try validate() { return try preempt(reason) }
            if checkpointIsDue(flags) { try saveCheckpoint() }
        }
        try saveCheckpoint()
        try keeper.finish()
        return rule.isConverged(state.convergence) ? .converged : .epochs
    }

    // MARK: Between steps

    /// A signal that came before the first step. What is on disk is where the run is.
    ///
    /// Throws `TrainingError.noTime` on all ranks where the time is up: a job that comes no further is not to be started again.
    private func reasonNotToBegin() throws -> StopReason? {
        guard isFirstAttempt else { return nil }
        isFirstAttempt = false
        let flags = StepFlags(rawValue: Int32(try world.max(Int(deadline.startFlags.rawValue))))
        if case .signal? = flags.stopReason { return flags.stopReason }
        if let reason = flags.stopReason { throw try agreed(.noTime(reason, limit: configuration.timeLimit)) }
        return nil
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
        // The last of all epochs, the number of which may be as large as can be.
        return epochEnds && step / train.windowCount == configuration.epochs
    }

    /// Measures the validation loss; rank 0 decides what it means, and all ranks do as it says. Where a signal comes meanwhile, it returns that
    /// reason to stop, and nothing has come of it.
    private func validate() throws -> StopReason? {
        guard let valid else { return nil }
        try requireSoundParameters()
        Watchdog.enter(.validation, step: state.step)
        let start = MonotonicClock.nanoseconds
        let measured = try parallel.meanLoss(of: valid, window: window, world: world) { StopSignals.received.rawValue }
        guard let found = measured.loss else { return StepFlags(rawValue: measured.flags).stopReason }
        let loss = try world.broadcast(found)
        state.awaitsValidation = nil
        let improved = rule.take(loss: loss, step: state.step, into: &state.convergence)
        let model = BestModel(step: state.step, loss: loss, parametersDigest: parallel.parametersDigest.hexadecimal)
        let isBest = isBest(model)
        try report.validation(state, model, improved: improved, best: isBest ? model : keeper.best, start: start)
        deadline.noteValidation(start: start)
        if isBest { try keeper.saveBest(model, state) }
        return nil
    }

    /// Whether a model belongs into `best.safetensors`: it is an improvement on what is there, or the same.
    ///
    /// Steps that the run went back from, or that a job before this one made, may have left a better one than all that led here.
    private func isBest(_ model: BestModel) -> Bool {
        rule.isImprovement(loss: model.loss, on: keeper.best?.loss) || model == keeper.best
    }

    /// What asks this rank to stop where there is nothing to save: a signal or, on rank 0, the clock.
    package var stopFlags: StepFlags {
        let signals = StepFlags(signals: StopSignals.received)
        guard world.isRoot, deadline.isNear(checkpointBytes: 0, checkpointNanoseconds: 0, validationWindows: 0) else {
            return signals
        }
        return signals.union(StepFlags(deadline.reason))
    }

    /// Not while updates are skipped: the last good checkpoint is to stay, should the run have diverged.
    private func checkpointIsDue(_ flags: StepFlags) -> Bool {
        state.skippedInARow == 0 && (flags.contains(.checkpointTime) || keeper.isDue(step: state.step))
    }

    /// The first checkpoint is waited for: a folder that takes none should be found out now.
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

    /// A validation that is due now is left to the job that goes on: whoever asks to stop gives little time.
    private func preempt(_ reason: StopReason) throws -> TrainingOutcome {
        if validationIsDue { state.awaitsValidation = true }
        if reason == deadline.reason { report.limitUse = deadline.use(steps: state.step - firstStep) }
        try saveCheckpoint()
        try keeper.finish()
        return .preempted(reason)
    }
}
