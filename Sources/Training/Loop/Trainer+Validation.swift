import Communication
import Configuration
import Digests
import Exchange
import Optimizers
import Runs
import Tasks
import TextData

/// Validations and samples between steps.
extension Trainer {
    var validationIsDue: Bool { validationIsDue(after: state.step, epochEnds: state.window == 0) }

    func validationIsDue(after step: Int, epochEnds: Bool) -> Bool {
        guard valid != nil else { return false }
        if configuration.validateEvery > 0, step % configuration.validateEvery == 0 { return true }
        if configuration.validateEvery == 0 { return epochEnds }
        // The last of all epochs. The number of epochs may be the largest integer.
        return epochEnds && step / train.windowCount == configuration.epochs
    }

    /// Measures the model on the validation text. Rank 0 decides on its consequences, and all ranks follow. If a signal arrives meanwhile, or a
    /// time limit is near, returns this as the reason to stop, and the validation has no effect.
    func validate() throws -> StopReason? {
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

    var sampleIsDue: Bool { configuration.sampleEvery > 0 && state.step % configuration.sampleEvery == 0 }

    /// Rank 0 generates and logs a text, every `sampleEvery` steps.
    func sample() throws {
        Watchdog.enter(.sample, step: state.step)
        let start = MonotonicClock.nanoseconds
        try parallel.exchangeAverage()
        _ = try world.agreeOnRoot {
            if let sampling { try report.sample(state, try sampling.text(step: state.step), start: start) }
        }
        try parallel.exchangeAverage()
    }

    /// The flags that request a stop during a validation, after which a checkpoint is written. A rank learns of another's flags after some
    /// windows only, so that each one looks at its own clock.
    private var validationFlags: StepFlags {
        let signals = StepFlags(signals: StopSignals.received)
        let isNear = deadline.isNear(
            checkpointBytes: keeper.leastByteCount, checkpointNanoseconds: keeper.slowestWrite, validationWindows: 0)
        return isNear ? signals.union(StepFlags(deadline.reason)) : signals
    }
}
