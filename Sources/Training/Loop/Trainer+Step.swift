import Communication
import Exchange
import Tensors
import TextData

/// The moments of a step at which a test may inject a fault.
package enum StepMoment: Sendable {
    /// Before the forward pass.
    case beginning
    /// The partial gradients are computed. Occurs twice in a verified step.
    case computed
    /// The ranks have published checksums of their partial gradients, and have not summed them.
    case promised
    /// In a verified step: some blocks are summed once, and will be summed again.
    case summedOnce
}

/// The training step.
extension Trainer {
    /// One window: forward pass, backward pass, reduction, clipping, update. Allocates nothing. Returns the flags of all ranks.
    package func step() throws -> StepFlags {
        currentStep = state.step + 1
        Watchdog.enter(.computation, step: currentStep)
        disturb?(.beginning)
        readWindow()
        let batch = train.window(state.window, epoch: state.epoch)
        let reduction = verificationIsDue ? try verifiedGradient(batch) : try gradient(batch)
        if StepFlags(rawValue: reduction.flags).contains(.inputFault) { try endWithInputFault() }
        Watchdog.enter(.update, step: state.step + 1)
        let norm = reduction.squaredNorm.squareRoot()
        let rate = schedule.rate(state)
        if try trainingStep.update(norm: norm, rate: rate * lengthFactor(batch)) {
            state.updates += 1
            state.skippedInARow = 0
        } else {
            try noteSkipped()
        }
        note(norm: norm, batch)
        advance()
        deadline.noteStep()
        try logIfDue(norm: norm, rate: rate)
        return StepFlags(rawValue: reduction.flags)
    }

    /// The factor on the learning rate of a window of random length.
    private func lengthFactor(_ batch: BatchWindow) -> Double {
        configuration.variableWindow ? Double(batch.steps) / Double(configuration.windowLength) : 1
    }

    /// Reads the window. If that fails, the window becomes padding, and the flags of the step inform all ranks.
    private func readWindow() {
        do throws(TextDataError) {
            try window.read(state.window, epoch: state.epoch, from: train)
        } catch {
            inputFault = error
            window.clear()
        }
    }

    /// Throws on all ranks the read error of one of them, after the current checkpoint is written.
    private func endWithInputFault() throws {
        try keeper.finish()
        try world.agree { if let inputFault { throw inputFault } }
    }

    private func compute(_ batch: BatchWindow) {
        hiddenGradients?.observe(parallel.model, steps: isTracked(step: state.step + 1) ? batch.steps : nil)
        trainingStep.compute(window, batch, step: state.step)
        disturb?(.computed)
    }

    private func gradient(_ batch: BatchWindow) throws -> Reduction {
        compute(batch)
        Watchdog.enter(.reduction, step: state.step + 1)
        return try trainingStep.reduce(flags: ownFlags.rawValue)
    }

    // MARK: A verified step

    private var verificationIsDue: Bool {
        configuration.verifyEvery > 0 && (state.step + 1) % configuration.verifyEvery == 0
    }

    /// The gradient of a verified step: every rank computes it twice, and checksums protect it until it is summed. Throws a
    /// `RunFault` on all ranks.
    private func verifiedGradient(_ batch: BatchWindow) throws -> Reduction {
        try requireSoundParameters()
        Watchdog.enter(.verification, step: state.step + 1)
        let before = HiddenStates(copying: parallel.model)
        compute(batch)
        let first = parallel.exchange.checksumPartials()
        let difference = parallel.compareComputation(from: before, first: first) {
            compute(batch)
        }
        disturb?(.promised)
        parallel.exchange.injectFault = disturb.map { disturb in { disturb(.summedOnce) } }
        let (reduction, corruption) = try parallel.exchange.verifiedReduce(
            flags: ownFlags.rawValue, seed: UInt64(state.step), known: difference)
        if let corruption { throw RunFault.corruption(corruption) }
        return reduction
    }

    /// Whether the magnitudes of hidden gradients in a step are logged.
    private func isTracked(step: Int) -> Bool { hiddenGradients != nil && step % configuration.trackGradients == 0 }

    /// Logs the magnitudes of the hidden gradients of the last step, if they are tracked. Collective.
    func logGradientsIfDue() throws {
        guard let hiddenGradients, isTracked(step: state.step) else { return }
        try report.gradients(state, try parallel.totals(of: hiddenGradients))
    }

    // MARK: Parts

    private var ownFlags: StepFlags {
        var flags = StepFlags(signals: StopSignals.received)
        if inputFault != nil { flags.insert(.inputFault) }
        guard world.isRoot else { return flags }
        if keeper.isTimeDue { flags.insert(.checkpointTime) }
        if timeIsUp { flags.insert(StepFlags(deadline.reason)) }
        return flags
    }

    /// Whether rank 0's clock leaves no time for the work after this step.
    private var timeIsUp: Bool {
        let windows =
            validationIsDue(after: state.step + 1, epochEnds: state.window + 1 == train.windowCount) ? valid?.windowCount : 0
        return deadline.isNear(
            checkpointBytes: keeper.leastByteCount, checkpointNanoseconds: keeper.slowestWrite, validationWindows: windows ?? 0)
    }

    private func noteSkipped() throws {
        state.skippedInARow += 1
        state.interval.skipped += 1
        if state.skippedInARow >= configuration.maxBadSteps { throw RunFault.badSteps(state.skippedInARow) }
    }

    private func note(norm: Double, _ batch: BatchWindow) {
        state.tokens += batch.tokens
        state.interval.steps += 1
        guard norm.isFinite else { return }
        if trainingStep.clips(norm: norm) { state.interval.clipped += 1 }
        let loss = parallel.exchange.foldShards(index: 0)
        guard loss.isFinite else { return }
        state.interval.loss += loss
        state.interval.tokens += batch.predictions
    }

    private func advance() {
        state.step += 1
        hasStepped = true
        state.window += 1
        if state.window == train.windowCount {
            state.window = 0
            state.epoch += 1
        }
    }
}
