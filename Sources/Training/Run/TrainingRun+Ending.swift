import Optimizers
import Checkpoints
import Communication
import Digests
import Failures
import Runs
import TextData

/// The measurements after training.
extension TrainingRun {
    /// The ending of a run with the given outcome. All figures of the best model come from the file at this moment. Collective.
    ///
    /// A run that is asked to stop during the test ends as preempted. After a resume it repeats the test. Throws a
    /// `RemoteFailure` if the best model on disk is not the one that was written, or if the time limit is too short for the test.
    func ending(_ run: RunSetup, _ outcome: TrainingOutcome) throws -> RunEnding {
        let digest = run.parallel.parametersDigest.hexadecimal
        var ending = RunEnding(
            outcome: outcome, parametersDigest: digest, best: outcome.stopReason == nil ? try takeBest(run) : try bestOnDisk(run),
            bestIsAbandoned: run.keeper.bestIsAbandoned)
        guard outcome.stopReason == nil, let scoring = run.test else { return ending }
        ending.test = try scoring.score { run.trainer.stopFlags }
        if let reason = scoring.stopReason {
            try run.trainer.requireProgress(reason, in: "the test")
            ending.outcome = .preempted(reason)
        }
        return ending
    }

    /// The best model of a run that is asked to stop, if the header of `best.safetensors` confirms it. Collective; the result is
    /// that of rank 0. A resume reads the whole file.
    private func bestOnDisk(_ run: RunSetup) throws -> BestModel? {
        guard let written = run.keeper.best else { return nil }
        let isThere = try world.agreeOnRoot {
            do {
                let digest = try SafetensorsReader.metadata(path: run.keeper.bestPath)["parameters_digest"]
                return digest == nil || digest == written.parametersDigest
            } catch {
                StandardError.warn("\(error)")
                return false
            }
        }
        return isThere == false ? nil : written
    }

    /// Loads the parameters of `best.safetensors`, and returns the file's description of them. If the run has no best model, returns
    /// nil, and keeps the last parameters, or their average if the rule averages them. Collective; the result is that of rank 0. Returns nil also
    /// for a model that is lost, if nothing is tested.
    private func takeBest(_ run: RunSetup) throws -> BestModel? {
        guard let written = run.keeper.best else {
            if run.test != nil { try run.parallel.exchangeAverage() }
            return nil
        }
        let best: BestModel?? = try world.agreeOnRoot { try readOrRemakeBest(run, written) }
        if run.test != nil { try run.parallel.broadcastParameters() }
        return best ?? written
    }

    /// The best model in the file, which is restored if it is lost and the checkpoint of its step exists. On rank 0.
    ///
    /// Throws `LostBestModel` if the lost model was to be tested; otherwise warns of the loss, and returns nil.
    private func readOrRemakeBest(_ run: RunSetup, _ written: BestModel) throws -> BestModel? {
        try run.keeper.requireOwnFolder()
        do {
            return try Watchdog.waitingForDisk { try readBest(run) }
        } catch let error as any UserFacingError where error.exitStatus == .badData || error.exitStatus == .inputMissing {
            guard try Watchdog.waitingForDisk({ try run.remakeBest(written) }) else {
                let newest = run.keeper.path(step: run.trainer.state.step)
                if run.test != nil { throw LostBestModel(reason: error, step: written.step, newestCheckpoint: newest) }
                StandardError.warn("\(error)")
                return nil
            }
            run.report.say(run.keeper.remakeNotice(error, written))
            return try Watchdog.waitingForDisk { try readBest(run) }
        }
    }

    /// Reads the file on rank 0, and its parameters only if they are tested.
    private func readBest(_ run: RunSetup) throws -> BestModel {
        let stored = try StoredCheckpoint(path: run.keeper.bestPath)
        try run.requireBest(stored)
        let found = try stored.bestModel()
        if let written = run.keeper.best, found != written {
            throw StoredRunError.inconsistentCheckpoint(
                path: stored.path, reason: "it is not the best model of this job, which is from step \(written.step)")
        }
        if run.test != nil {
            try stored.copyParameters(
                to: run.parallel.exchange.parameters, layout: run.parallel.layout)
        }
        return found
    }
}

extension RunSetup {
    /// Throws unless a checkpoint can be this run's best model. On rank 0.
    fileprivate func requireBest(_ stored: StoredCheckpoint) throws {
        guard let preparation else { preconditionFailure("rank 0 has no preparation") }
        try stored.requireBest(
            of: plan.configuration, identity: preparation.identity, vocabulary: preparation.vocabulary,
            textDigests: preparation.textDigests)
    }

    /// Restores `best.safetensors` from a checkpoint of the same model; false if there is none. On rank 0.
    fileprivate func remakeBest(_ model: BestModel) throws -> Bool {
        try keeper.remakeBest(model, fits: requireBest) == model
    }
}
