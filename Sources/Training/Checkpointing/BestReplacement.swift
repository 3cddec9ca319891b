import Checkpoints
import Configuration
import Files
import Runs

/// What a resumed run does about a file `best.safetensors` that it cannot use.
struct BestReplacement {
    let checkpoints: CheckpointFolder
    let comparison: BestComparison
    let state: TrainingState
    let configuration: TrainingConfiguration
    /// Whether the end of the run would test the best model, or replace its figures in the log.
    let isReported: Bool

    private var path: String { checkpoints.bestPath }

    /// Writes the best model of `state` again from its checkpoint; nil if there is none. Calls `begin` before that.
    func remade(begin: () throws -> Void = {}) throws -> BestModel? {
        guard let loss = state.convergence.bestLoss else { return nil }
        return try checkpoints.remakeBest(step: state.convergence.bestStep, loss: loss, begin: begin) {
            _ = try comparison.model(of: $0)
        }
    }

    /// Replaces a file that is missing, damaged or foreign. A foreign file is kept under another name, and a damaged one if nothing else has its
    /// parameters.
    ///
    /// Throws `LostBestModel`.
    func replaceUnusable(_ error: any Error, isForeign: Bool) throws -> (model: BestModel?, notice: String?) {
        var kept = ""
        if let model = try remade(begin: { if isForeign { kept = try setAside() } }) {
            return (model, checkpoints.remakeNotice(error, step: model.step) + kept)
        }
        try requireSuccessor(error)
        if pathExists(path) { kept = try setAside() }
        return (nil, "\(faultText(error)).\(lossText)" + kept)
    }

    /// Replaces the file of a model that may be from a copy of the run. If the run itself made the steps up to this model, it repeats them with the
    /// same result.
    ///
    /// Throws `LostBestModel`.
    func replaceUnconfirmed(_ found: BestModel) throws -> (model: BestModel?, notice: String?) {
        let reason =
            "it is from step \(found.step), later than the checkpoint from which the run continues, and no line of the log has its validation"
        var kept = ""
        let model = try remade { kept = try setAside() }
        if model == nil {
            try requireSuccessor(StoredRunError.inconsistentCheckpoint(path: path, reason: reason))
            kept = try setAside()
        }
        let loss = model == nil && state.convergence.bestLoss != nil ? lossText : ""
        let consequence = "so that it may be from a copy of the run. The run computes these steps again."
        return (model, "\(path) is not used: \(reason), \(consequence)" + loss + kept)
    }

    private func setAside() throws -> String { " The rejected file is now \(try checkpoints.setBestAside())." }

    /// Throws `LostBestModel` if the run has lost its best model, makes no further validation, and would report another model in its place.
    private func requireSuccessor(_ reason: any Error) throws {
        guard state.convergence.bestLoss != nil, isReported, !configuration.hasValidation(after: state) else { return }
        throw LostBestModel(
            reason: reason, step: state.convergence.bestStep, newestCheckpoint: checkpoints.path(forStep: state.step))
    }

    private var lossText: String {
        let step = state.convergence.bestLoss == nil ? "" : ", of step \(state.convergence.bestStep),"
        let successor = configuration.hasValidation(after: state) ? "; those of the next validation replace them." : "."
        return " The best parameters so far\(step) are lost\(successor)"
    }
}
