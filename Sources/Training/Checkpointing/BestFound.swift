import Optimizers
import Checkpoints
import Communication
import Configuration
import Failures
import Files
import Models
import Runs
import TextData

extension CheckpointFolder {
    /// Restores `best.safetensors` from the checkpoint of the same step, if it exists and has the same loss. Returns the new
    /// content, or nil if there is no such checkpoint. Throws `FileError` if the file cannot be written.
    func remakeBest(step: Int, loss: Double, fits: (StoredCheckpoint) throws -> Void) throws -> BestModel? {
        guard let (stored, model) = try soundModel(path(forStep: step), fits), model.loss == loss else { return nil }
        try stored.withBestContent { try writeBest($0) }
        return model
    }

    /// The checkpoint at `path` and its model; nil if there is none, or if it is invalid, does not fit or has no validation.
    private func soundModel(_ path: String, _ fits: (StoredCheckpoint) throws -> Void) throws -> (StoredCheckpoint, BestModel)? {
        guard pathExists(path) else { return nil }
        do {
            let stored = try StoredCheckpoint(path: path)
            try fits(stored)
            return (stored, try stored.bestModel())
        } catch let error as any UserFacingError where error.exitStatus == .badData || error.exitStatus == .inputMissing {
            return nil
        }
    }

    /// The notice about a best model that was restored because of `error`.
    func remakeNotice(_ error: any Error, step: Int) -> String {
        "\(faultText(error)). It was written again from the checkpoint of the same step, \(path(forStep: step))."
    }
}

/// The state of a resumed run's best model.
struct BestFound {
    /// Nil if there is no best model.
    var model: BestModel?
    /// A notice for the user.
    var notice: String?
    /// The identity of the run in the file; nil if there is no best model, or if it was written again.
    private(set) var identity: RunIdentity?
    /// The best validation in the log.
    let logged: BestValidation?
    private let firstStep: Int

    /// Examines `best.safetensors` of the run in `folder`, which continues from `state`. The file must also agree with `records`.
    ///
    /// A missing or damaged file causes a notice, and the next validation writes another. Throws if the file cannot be read,
    /// because it may be valid and would be replaced by a worse model.
    init(
        in folder: RunFolder, _ records: RunRecords, after state: TrainingState, _ configuration: TrainingConfiguration,
        identity: RunIdentity?, vocabulary: Vocabulary, textDigests: [String: String]
    ) throws {
        let path = folder.checkpoints.bestPath
        (logged, firstStep) = (records.log?.bestValidation, state.step)
        let run = BestComparison.Run(
            configuration, identity: identity, vocabulary: vocabulary, textDigests: textDigests, state: state)
        let comparison = BestComparison(records: records, run: run)
        guard textDigests[TextRole.valid.rawValue] != nil, state.convergence.bestLoss != nil || pathExists(path) else { return }
        /// Writes the best model of `state` again from its checkpoint; nil if there is none.
        func remade() throws -> BestModel? {
            let step = state.convergence.bestStep
            return try state.convergence.bestLoss.flatMap {
                try folder.checkpoints.remakeBest(step: step, loss: $0) { _ = try comparison.model(of: $0) }
            }
        }
        var kept = ""
        do {
            let stored = try StoredCheckpoint(path: path)
            let found = try Self.model(of: stored, comparison) {
                kept = " The rejected file is now \(try folder.checkpoints.setBestAside())."
            }
            if comparison.isUnconfirmed(found) {
                model = try remade()
                notice = Self.notice(ofUnconfirmed: found, path: path) + (model == nil ? Self.loss(after: state) : "") + kept
            } else if found.loss > state.convergence.bestLoss ?? .infinity, let better = try remade() {
                let fault = "\(path) was from step \(found.step), although step \(better.step) is better"
                (model, notice) = (better, "\(fault). It was written again from the checkpoint of that step.")
            } else {
                (model, notice) = (found, Self.notice(of: found, path: path, after: state))
                self.identity = stored.runIdentity
            }
        } catch let error as any UserFacingError where error.exitStatus == .badData || !pathExists(path) {
            model = try remade()
            let remake = model.map { folder.checkpoints.remakeNotice(error, step: $0.step) }
            notice = (remake ?? "\(faultText(error)).\(Self.lossText(state))") + kept
        }
    }

    /// The best model in a sound file. Calls `setAside` for a file that may be of another run, so that the run does not replace it.
    private static func model(of stored: StoredCheckpoint, _ comparison: BestComparison, setAside: () throws -> Void) throws
        -> BestModel
    {
        do {
            let model = try comparison.model(of: stored)
            if comparison.isUnconfirmed(model) { try setAside() }
            return model
        } catch let error as StoredRunError {
            try setAside()
            throw error
        }
    }

    /// A notice about a better model that was not written, and that the run may compute again.
    var loggedNotice: String? {
        guard let logged, logged.step > firstStep, logged.loss < model?.loss ?? .infinity else { return nil }
        return
            "the log has a better validation, \(logged.loss) after step \(logged.step), later than the step from which the run continues. "
            + "Its parameters are in no file; with unchanged options, the run computes them again."
    }

    private static func step(of state: TrainingState) -> String {
        state.convergence.bestLoss == nil ? "" : ", of step \(state.convergence.bestStep),"
    }

    private static let replacement = "those of the next validation replace them."

    /// Empty if the run had no best model before the checkpoint.
    private static func loss(after state: TrainingState) -> String {
        state.convergence.bestLoss == nil ? "" : lossText(state)
    }

    private static func lossText(_ state: TrainingState) -> String {
        " The best parameters so far\(step(of: state)) are lost; \(replacement)"
    }

    /// If the run itself made the steps up to this model, it repeats them with the same result.
    private static func notice(ofUnconfirmed found: BestModel, path: String) -> String {
        "\(path) is not used: it is from step \(found.step), later than the checkpoint from which the run continues, and no line of the log "
            + "has its validation, so that it may be from a copy of the run. The run computes these steps again."
    }

    /// Nil for the file that the state refers to.
    private static func notice(of found: BestModel, path: String, after state: TrainingState) -> String? {
        let file = "\(path) is from step \(found.step)"
        let rest = "it is kept until a validation loss is lower"
        if found.step > state.step { return file + ", later than the checkpoint from which the run continues; " + rest }
        guard let best = state.convergence.bestLoss, found.loss > best else { return nil }
        return file + ", because the best parameters of the run\(step(of: state)) are lost; " + rest
    }
}

/// The fault, without the advice and the period.
private func faultText(_ error: any Error) -> String {
    let text = (error as? any UserFacingError)?.fault ?? "\(error)"
    return text.hasSuffix(".") ? String(text.dropLast()) : text
}
