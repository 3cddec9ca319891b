import Checkpoints
import Digests
import Failures
import Runs
import TextData

/// What is measured when training is over.
extension TrainingRun {
    /// What there is to say of a run that has ended with `outcome`: all figures of its best model are of the file at this moment. Collective.
    ///
    /// A run that is asked to stop while its test text is scored ends as preempted; taken up again, it scores the text anew.
    /// Throws a `RemoteFailure` where the best model is not on the disk as it was written.
    func ending(_ run: RunSetup, _ outcome: TrainingOutcome) throws -> RunEnding {
        let digest = run.parallel.parametersDigest.hexadecimal
        if outcome.stopReason != nil {
            return RunEnding(outcome: outcome, parametersDigest: digest, best: try bestOnDisk(run))
        }
        let best = try takeBest(run)
        guard let scoring = run.test else { return RunEnding(outcome: outcome, parametersDigest: digest, best: best) }
        let score = try scoring.score { run.trainer.stopFlags }
        let reason = scoring.stopReason
        return RunEnding(
            outcome: reason.map { .preempted($0) } ?? outcome, parametersDigest: digest, best: best, test: score)
    }

    /// The best model of a run that is asked to stop, if the header of `best.safetensors` says that the file holds it. Collective; what is returned is rank
    /// 0's. A resume reads the whole file.
    private func bestOnDisk(_ run: RunSetup) throws -> BestModel? {
        guard let written = run.keeper.best else { return nil }
        let isThere = try world.agreeOnRoot {
            do {
                let digest = try SafetensorsReader.metadata(path: run.keeper.bestPath)["parameters_digest"]
                return digest == nil || digest == written.parametersDigest
            } catch {
                run.report.say("warning: \(error)")
                return false
            }
        }
        return isThere == false ? nil : written
    }

    /// Puts the parameters of `best.safetensors` in place, and returns what the file says of them; nil, with the last parameters left in place,
    /// where the run has no best model. Collective; what is returned is rank 0's.
    private func takeBest(_ run: RunSetup) throws -> BestModel? {
        guard let written = run.keeper.best else { return nil }
        let best = try world.agreeOnRoot {
            try run.keeper.requireOwnFolder()
            do {
                return try readBest(run)
            } catch let error as any UserFacingError where error.exitStatus == .badData || error.exitStatus == .inputMissing {
                guard try run.remakeBest(written) else {
                    throw LostBestModel(reason: error, step: written.step, runFolder: run.plan.runFolder)
                }
                run.report.say(run.keeper.remakeNotice(error, written))
                return try readBest(run)
            }
        }
        if run.test != nil { try run.parallel.broadcastParameters() }
        return best ?? written
    }

    /// Reads the file on rank 0; its parameters only where they are tested.
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
    /// Throws unless a checkpoint can be this run's best. On rank 0.
    fileprivate func requireBest(_ stored: StoredCheckpoint) throws {
        guard let preparation else { preconditionFailure("rank 0 prepares a run") }
        try stored.requireBest(
            of: plan.configuration, vocabulary: preparation.vocabulary, textDigests: preparation.textDigests)
    }

    /// Makes `best.safetensors` anew from a checkpoint of the same model; false where none is kept. On rank 0.
    fileprivate func remakeBest(_ model: BestModel) throws -> Bool {
        try keeper.remakeBest(model, fits: requireBest) == model
    }
}
