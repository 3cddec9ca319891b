import Communication
import Exchange

/// What is done about faults: back to the last good checkpoint, or the end.
extension Trainer {
    /// What the learning rate is multiplied with when a run that has diverged goes back.
    private static let cut = 0.5

    /// Throws a `RunFault` on all ranks unless the parameters and moments are as updates left them, and finite.
    func requireSoundParameters() throws {
        Watchdog.enter(.verification, step: state.step)
        switch try parallel.examineParameters(thoroughly: configuration.verifyEvery > 0) {
        case .sound: return
        case .corrupt(let corruption): throw RunFault.corruption(corruption)
        case .notFinite: throw RunFault.notFinite
        }
    }

    /// Takes up the run from its last good checkpoint, or ends it with an error that all ranks know. Collective.
    func recover(from fault: RunFault) throws {
        let host = try hostName(of: fault)
        try parallel.exchange.clearGradients()
        try keeper.finish()
        let mayRestore = fault.isOfTheRun || configuration.onFault == .restore
        guard mayRestore, rollbacks < configuration.maxRollbacks else { throw try agreed(error(fault, host: host)) }
        rollbacks += 1
        let foundAt = state.step + 1
        // A checkpoint from which no update came is no better than what followed it.
        let rejected = fault.isOfTheRun && state.updates <= updatesAtRestoration ? lastRestoredStep : nil
        let scale = state.rateScale ?? 1
        state = try keeper.restoreNewest(into: parallel, rejectingFrom: rejected, windowCount: train.windowCount)
        lastRestoredStep = state.step
        updatesAtRestoration = state.updates
        let newScale = fault.isOfTheRun ? scale * Self.cut : scale
        state.rateScale = newScale == 1 ? nil : newScale
        try report.rollback(state, foundAt: foundAt, reason: fault.description(host: host))
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
                what: fault.description(host: host), step: state.step + 1, rollbacks: rollbacks, runFolder: folder)
        case .badSteps, .notFinite:
            return .diverged(
                what: fault.description(host: host), step: state.step + 1, rollbacks: rollbacks, runFolder: folder)
        }
    }

    /// An error that all ranks found alike, as the one that rank 0 tells.
    func agreed(_ error: TrainingError) throws -> any Error {
        do {
            try world.agree { throw error }
            return error
        } catch {
            return error
        }
    }
}
