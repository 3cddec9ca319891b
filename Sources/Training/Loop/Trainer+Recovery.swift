import Communication
import Exchange
import Runs

/// The response to faults: a return to the last valid checkpoint, or the end of the run.
extension Trainer {
    /// The factor on the learning rate when a diverged run returns to a checkpoint.
    private static let cut = 0.5

    /// Throws a `RunFault` on all ranks unless the parameters and moments are unchanged since the last update, and finite.
    func requireSoundParameters() throws {
        Watchdog.enter(.verification, step: state.step)
        switch try parallel.examineParameters(thoroughly: configuration.verifyEvery > 0) {
        case .sound: return
        case .corrupt(let corruption): throw RunFault.corruption(corruption)
        case .notFinite: throw RunFault.notFinite
        }
    }

    /// Continues the run from its last valid checkpoint, or ends it with an error on all ranks. Collective.
    func recover(from fault: RunFault) throws {
        // The checkpoint of step 0 exists, so that the run can be resumed also if its first step has failed.
        if hasBegun { hasStepped = true }
        let host = try hostName(of: fault)
        try parallel.exchange.clearGradients()
        try keeper.finish()
        let mayRestore = fault.isOfTheRun || configuration.onFault == .restore
        guard mayRestore, rollbacks < configuration.maxRollbacks else { throw try agreed(error(fault, host: host)) }
        rollbacks += 1
        // If no update succeeded after restoring a checkpoint, the checkpoint itself is not usable.
        let rejected = fault.isOfTheRun && state.updates <= updatesAtRestoration ? lastRestoredStep : nil
        let before = state
        let (restored, digest) = try keeper.restoreNewest(
            into: parallel, rejectingFrom: rejected, windowCount: train.windowCount)
        state = restored
        hasReturnedAgain = lastRestoredStep == state.step
        lastRestoredStep = state.step
        updatesAtRestoration = state.updates
        continueRestored(from: before, fault)
        try report.rollback(state, digest: digest, foundAt: currentStep, reason: fault.description(host: host))
        currentStep = state.step
    }

    /// Adapts a restored state to the faults of the run. `before` is the state at the fault.
    private func continueRestored(from before: TrainingState, _ fault: RunFault) {
        // A factor of 0 is no valid state. With the smallest one, a rate is 0 as well.
        let scale = max((before.rateScale ?? 1) * (fault.isOfTheRun ? Self.cut : 1), .leastNormalMagnitude)
        state.rateScale = scale == 1 ? nil : scale
        if fault.isOfTheRun || before.dependsOnCheckpoints { state.hasReturned = true }
        // The checkpoint of a stop may be from the middle of skipped updates. With another learning rate they are counted anew.
        if fault.isOfTheRun { state.skippedInARow = 0 }
    }

    private func hostName(of fault: RunFault) throws -> String {
        guard case .corruption(let corruption) = fault else { return "" }
        return try world.broadcast(world.hostName, from: corruption.rank)
    }

    private func error(_ fault: RunFault, host: String) -> TrainingError {
        let folder = configuration.run ?? ""
        switch fault {
        case .corruption:
            return .corrupted(
                what: fault.description(host: host), step: currentStep, rollbacks: rollbacks, runFolder: folder)
        case .badSteps, .notFinite:
            return .diverged(
                what: fault.description(host: host), step: currentStep, rollbacks: rollbacks, runFolder: folder,
                advice: configuration.adviceAfterDivergence + adviceAboutCheckpoint)
        }
    }

    /// A checkpoint can be too close to the divergence for any rate, although its numbers are finite and some updates succeed.
    private var adviceAboutCheckpoint: String {
        guard hasReturnedAgain, let step = lastRestoredStep, step > 0 else { return "" }
        return " If no lower rate helps, move \(keeper.path(step: step)) away: --resume then continues from an older checkpoint."
    }

    /// Converts an error that all ranks have into one that rank 0 prints.
    func agreed(_ error: TrainingError) throws -> any Error {
        do {
            try world.agree { throw error }
            return error
        } catch {
            return error
        }
    }
}
