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
    /// Restores `best.safetensors` from the checkpoint of the best validation, if it exists and has the same loss. Returns the new
    /// content, or nil if there is no such checkpoint. Throws `FileError` if the file cannot be written.
    ///
    /// - Parameter begin: is called before the file is written.
    func remakeBest(
        step: Int, loss: Double, begin: () throws -> Void = {}, fits: (StoredCheckpoint) throws -> Void
    ) throws -> BestModel? {
        guard let (stored, model) = try soundModel(path(forStep: step), fits), model.loss == loss else { return nil }
        try begin()
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
        "\(faultText(error)). It was written again from the checkpoint of the best validation, \(path(forStep: step))."
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
    private let comparison: BestComparison
    private let firstStep: Int

    /// Whether the run abandons the steps that led to the model: it continues from an earlier one.
    var isAbandoned: Bool { model.map { comparison.isAbandoned($0, whenContinued: true) } ?? false }

    /// Examines `best.safetensors` of the run in `folder`, which continues as `run`. The file must also agree with `records`.
    ///
    /// A missing or damaged file causes a notice, and the next validation writes another. Throws `LostBestModel` if no validation follows, and the
    /// errors of a file that cannot be read, because it may be valid and would be replaced by a worse model.
    init(
        in folder: RunFolder, _ records: RunRecords, _ run: BestComparison.Run
    ) throws {
        let path = folder.checkpoints.bestPath
        let (state, configuration, textDigests) = (run.state, run.configuration, run.textDigests)
        (logged, firstStep) = (records.log?.bestValidation, state.step)
        comparison = BestComparison(records: records, run: run)
        guard textDigests[TextRole.valid.rawValue] != nil, state.convergence.bestLoss != nil || pathExists(path) else { return }
        let replacement = BestReplacement(
            checkpoints: folder.checkpoints, comparison: comparison, state: state, configuration: configuration,
            isReported: textDigests[TextRole.test.rawValue] != nil || records.log?.endsWithBest == true)
        var stored: StoredCheckpoint?
        let found: BestModel
        do {
            let file = try StoredCheckpoint(path: path)
            stored = file
            found = try comparison.model(of: file)
        } catch let error as any UserFacingError where error.exitStatus == .badData || !pathExists(path) {
            (model, notice) = try replacement.replaceUnusable(error, isForeign: stored != nil)
            return
        }
        if comparison.isUnconfirmed(found) {
            (model, notice) = try replacement.replaceUnconfirmed(found)
        } else if found.loss > state.convergence.bestLoss ?? .infinity, let better = try replacement.remade() {
            let fault = "\(path) was from step \(found.step), although step \(better.step) is better"
            (model, notice) = (better, "\(fault). It was written again from the checkpoint of that step.")
        } else {
            (model, notice) = (found, Self.notice(of: found, path: path, after: state))
            self.identity = stored?.runIdentity
        }
    }

    /// A notice about a better model that was not written, and that the run may compute again.
    var loggedNotice: String? {
        guard let better = comparison.records.log?.bestValidationOfRun, better.step > firstStep,
            better.loss < model?.loss ?? .infinity
        else { return nil }
        return
            "the log has a better validation, \(better.loss) after step \(better.step), later than the step from which the run continues. "
            + "Its parameters are in no file; with unchanged options, the run computes them again."
    }

    /// Nil for the file that the state refers to.
    private static func notice(of found: BestModel, path: String, after state: TrainingState) -> String? {
        let file = "\(path) is from step \(found.step)"
        let rest = "it is kept until a validation loss is lower"
        if found.step > state.step { return file + ", later than the checkpoint from which the run continues; " + rest }
        guard let best = state.convergence.bestLoss, found.loss > best else { return nil }
        return file + ", because the best parameters of the run, of step \(state.convergence.bestStep), are lost; " + rest
    }
}

/// The fault, without the advice and the period.
func faultText(_ error: any Error) -> String {
    let text = (error as? any UserFacingError)?.fault ?? "\(error)"
    return text.hasSuffix(".") ? String(text.dropLast()) : text
}
