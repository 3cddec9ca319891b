import Communication
import Exchange
public import Failures
import Tensors
import TextData

/// Why a run ended.
public enum TrainingOutcome: String, Sendable {
    /// No improvement on validation any more.
    case converged
    /// All epochs are done.
    case epochs
    /// Asked to stop by a signal; a checkpoint is there to go on from.
    case preempted

    /// The status of the process.
    public var exitStatus: ExitStatus { self == .preempted ? .preempted : .done }
}

/// The training loop of one rank; all ranks run it in step.
package final class Trainer {
    let world: World
    let configuration: TrainingConfiguration
    let parallel: ParallelModel
    let train: WindowReader
    let valid: WindowReader?
    private let keeper: CheckpointKeeper
    private let report: TrainingReport
    private let window: WindowBuffers
    private let schedule: LearningRateRule
    private let rule: ConvergenceRule
    private(set) var state: TrainingState
    private var deadline: Deadline

    /// Updates skipped in a row after which a run has diverged.
    static let mostSkippedInARow = 10

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
        schedule = LearningRateRule(configuration)
        rule = configuration.convergenceRule
        self.state = state
        deadline = Deadline(limit: configuration.timeLimit)
    }

    /// Trains to the end, or until a signal or the time asks to stop. Collective.
    func run() throws -> TrainingOutcome {
        if state.step == 0 { try saveBeginning() }
        if state.awaitsValidation == true { try validate() }
        while state.epoch <= configuration.epochs, !rule.isConverged(state.convergence) {
            let flags = try step()
            if flags.asksToStop { return try preempt() }
            if validationIsDue { try validate() }
            if checkpointIsDue(flags) { try saveCheckpoint() }
        }
        try saveCheckpoint()
        try keeper.finish()
        return rule.isConverged(state.convergence) ? .converged : .epochs
    }

    // MARK: A step

    /// One window: forward, backward, reduction, clipping, update. Allocates nothing. Returns what any rank signalled.
    package func step() throws -> StepFlags {
        Watch.enter(.computation, step: state.step + 1)
        let steps = window.read(state.window, from: train)
        let predictions = train.layout.predictionCount(inWindow: state.window, windowLength: train.windowLength)
        parallel.run(
            window, steps: steps, predictions: predictions, atEpochStart: state.window == 0, dropoutKey: dropoutKey)
        Watch.enter(.reduction, step: state.step + 1)
        let reduction = try parallel.exchange.reduce(flags: ownFlags.rawValue)
        Watch.enter(.update, step: state.step + 1)
        let norm = reduction.squaredNorm.squareRoot()
        let rate = schedule.rate(state)
        if norm.isFinite {
            try parallel.update(clip: clip(norm), rate: rate)
            state.updates += 1
            state.skippedInARow = 0
        } else {
            try skip()
        }
        note(norm: norm, predictions: predictions)
        advance()
        deadline.noteStep()
        try logIfDue(norm: norm, rate: rate)
        return StepFlags(rawValue: reduction.flags)
    }

    private var dropoutKey: Dropout.Key? {
        guard configuration.dropout > 0 else { return nil }
        return Dropout.Key(
            seed: UInt64(configuration.seed), step: state.step, firstStream: parallel.streams.lowerBound)
    }

    private var ownFlags: StepFlags {
        var flags = StepFlags(signals: StopSignals.received)
        guard world.isRoot else { return flags }
        if keeper.isTimeDue { flags.insert(.checkpointTime) }
        if timeIsUp { flags.insert(.timeIsUp) }
        return flags
    }

    /// Whether rank 0's clock leaves no room for what comes after this step.
    private var timeIsUp: Bool {
        let windows =
            validationIsDue(after: state.step + 1, epochEnds: state.window + 1 == train.windowCount) ? valid?.windowCount : 0
        return deadline.isNear(
            checkpointBytes: keeper.leastByteCount, checkpointNanoseconds: keeper.slowestWrite, validationWindows: windows ?? 0)
    }

    private func clip(_ norm: Double) -> GradientClip {
        guard configuration.clip > 0 else { return GradientClip() }
        switch configuration.clipMode {
        case .value: return GradientClip(limit: Float(configuration.clip))
        case .norm: return GradientClip(scale: norm > configuration.clip ? Float(configuration.clip / norm) : 1)
        }
    }

    /// Leaves the parameters as they are. The hidden state may be what is not finite, so it starts again.
    private func skip() throws {
        parallel.model.resetState()
        try parallel.exchange.publishParameters()
        state.skippedInARow += 1
        state.interval.skipped += 1
        guard state.skippedInARow < Self.mostSkippedInARow else {
            try keeper.finish()
            throw try agreed(
                TrainingError.diverged(
                    steps: state.skippedInARow, step: state.step + 1, runFolder: configuration.run ?? ""))
        }
    }

    /// An error that all ranks found alike, as the one that rank 0 tells.
    private func agreed(_ error: TrainingError) throws -> any Error {
        do {
            try world.agree { throw error }
            return error
        } catch {
            return error
        }
    }

    private func note(norm: Double, predictions: Int) {
        state.tokens += predictions
        state.interval.steps += 1
        guard norm.isFinite else { return }
        if configuration.clip > 0, configuration.clipMode == .norm, norm > configuration.clip { state.interval.clipped += 1 }
        // A loss beyond all numbers (which may come with a finite gradient) would make none of the interval's.
        let loss = parallel.exchange.foldShards(index: 0)
        guard loss.isFinite else { return }
        state.interval.loss += loss
        state.interval.tokens += predictions
    }

    private func advance() {
        state.step += 1
        state.window += 1
        if state.window == train.windowCount {
            state.window = 0
            state.epoch += 1
        }
    }

    // MARK: Between steps

    private func logIfDue(norm: Double, rate: Double) throws {
        guard state.step % configuration.logEvery == 0 else { return }
        try report.step(state, norm: norm, rate: rate)
        state.interval = IntervalSums()
    }

    private var validationIsDue: Bool { validationIsDue(after: state.step, epochEnds: state.window == 0) }

    private func validationIsDue(after step: Int, epochEnds: Bool) -> Bool {
        guard valid != nil else { return false }
        if configuration.validateEvery > 0, step % configuration.validateEvery == 0 { return true }
        return epochEnds && (configuration.validateEvery == 0 || step == configuration.epochs * train.windowCount)
    }

    /// Measures the validation loss; rank 0 decides what it means, and all ranks do as it says.
    private func validate() throws {
        guard let valid else { return }
        Watch.enter(.validation, step: state.step)
        let start = MonotonicClock.nanoseconds
        let loss = try world.broadcast(try parallel.meanLoss(of: valid, window: window))
        state.awaitsValidation = nil
        let improved = rule.take(loss: loss, step: state.step, into: &state.convergence)
        try report.validation(state, loss: loss, improved: improved, digest: parallel.parametersDigest, start: start)
        deadline.noteValidation(start: start)
        if improved { try keeper.saveBest(state) }
    }

    /// Not while updates are skipped: the last good checkpoint is to stay, should the run have diverged.
    private func checkpointIsDue(_ flags: StepFlags) -> Bool {
        state.skippedInARow == 0 && (flags.contains(.checkpointTime) || keeper.isDue(step: state.step))
    }

    /// The first checkpoint is waited for: a folder that takes none should be found out now.
    private func saveBeginning() throws {
        Watch.enter(.checkpoint)
        try keeper.save(state)
        try keeper.finish()
    }

    private func saveCheckpoint() throws {
        Watch.enter(.checkpoint, step: state.step)
        try keeper.save(state)
        try report.checkpoint(state, path: keeper.path(step: state.step))
    }

    /// A validation that is due now is left to the job that goes on: whoever asks to stop gives little time.
    private func preempt() throws -> TrainingOutcome {
        if validationIsDue { state.awaitsValidation = true }
        try saveCheckpoint()
        try keeper.finish()
        return .preempted
    }
}

/// What a rank tells the others at the end of a step.
package struct StepFlags: OptionSet, Sendable {
    package let rawValue: Int32

    /// Rank 0's clock asks for a checkpoint.
    package static let checkpointTime = StepFlags(rawValue: 1 << 16)
    /// Rank 0's clock leaves time for nothing but a checkpoint.
    package static let timeIsUp = StepFlags(rawValue: 1 << 17)
    private static let stops = StepFlags(rawValue: 1 << 16 - 1).union(.timeIsUp)

    package init(rawValue: Int32) { self.rawValue = rawValue }

    init(signals: StopSignals) { self.init(rawValue: signals.rawValue) }

    /// Whether any rank got a signal, or the time is up.
    package var asksToStop: Bool { !isDisjoint(with: Self.stops) }
}
