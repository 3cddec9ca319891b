import Checkpoints
import Digests
import TextData

/// What is measured when training is over.
extension TrainingRun {
    /// What there is to say of a run that has ended with `outcome`: all figures of its best model are of the file at this moment. Collective.
    ///
    /// A run that is asked to stop while its test text is scored ends as preempted; taken up again, it scores the text anew.
    /// Throws a `RemoteFailure` where the best model is not on the disk as it was written.
    func ending(_ run: RunSetup, _ outcome: TrainingOutcome) throws -> RunEnding {
        let digest = run.parallel.parametersDigest.hexadecimal
        if outcome.stopReason != nil { return RunEnding(outcome: outcome, parametersDigest: digest, best: run.keeper.best) }
        let best = try takeBest(run)
        guard let scoring = run.test else { return RunEnding(outcome: outcome, parametersDigest: digest, best: best) }
        let score = try scoring.score { run.trainer.stopFlags }
        let reason = scoring.stopReason
        return RunEnding(
            outcome: reason.map { .preempted($0) } ?? outcome, parametersDigest: digest, best: best, test: score)
    }

    /// Puts the parameters of `best.safetensors` in place, and returns what the file says of them; nil, with the last parameters left in place,
    /// where the run has no best model. Collective; what is returned is rank 0's.
    private func takeBest(_ run: RunSetup) throws -> BestModel? {
        guard let written = run.keeper.best else { return nil }
        let (parallel, path) = (run.parallel, run.keeper.bestPath)
        let best = try world.agreeOnRoot {
            do {
                let stored = try StoredCheckpoint(path: path)
                let found = try stored.bestModel()
                guard let vocabulary = run.preparation?.vocabulary else { preconditionFailure("rank 0 prepares a run") }
                try stored.requireBest(
                    of: parallel.shape, vocabulary: vocabulary, validDigest: run.preparation?.textDigests[TextRole.valid.rawValue]
                )
                if run.test != nil {
                    try stored.copyParameters(to: parallel.exchange.parameters, layout: parallel.shape.parameterLayout)
                }
                return found
            } catch {
                throw LostBestModel(reason: error, step: written.step, runFolder: run.plan.runFolder)
            }
        }
        if run.test != nil { try parallel.broadcastParameters() }
        return best ?? written
    }
}
