package import Configuration
package import TextData

/// The content of `best.safetensors`: the model with the lowest validation loss of the run.
///
/// The file defines the best model. The best loss in the `ConvergenceState` of a checkpoint is that of the steps before the
/// checkpoint. Steps after the checkpoint, which a resumed job repeats or computes differently, may have given a better model.
package struct BestModel: Codable, Equatable, Sendable {
    /// The step of the validation.
    package var step: Int
    /// The validation loss, in nats per token.
    package var loss: Double
    /// The digest of its parameters, as in the log.
    package var parametersDigest: String

    package init(step: Int, loss: Double, parametersDigest: String) {
        (self.step, self.loss, self.parametersDigest) = (step, loss, parametersDigest)
    }
}

extension StoredCheckpoint {
    /// This file as a best model, with the digest of its parameters, or of their average if the rule averages them.
    ///
    /// Throws `StoredRunError.inconsistentCheckpoint` if the parameters differ from those of the validation.
    package func bestModel() throws(StoredRunError) -> BestModel {
        let measured = state.convergence
        guard let loss = measured.lastLoss, (measured.lastStep ?? measured.bestStep) == state.step else {
            throw StoredRunError.inconsistentCheckpoint(
                path: path, reason: "it has no validation loss of its parameters (step \(state.step))")
        }
        return BestModel(step: state.step, loss: loss, parametersDigest: modelDigest)
    }

    /// Throws `StoredRunError.inconsistentCheckpoint` unless the file belongs to a run with this vocabulary, these training and
    /// validation texts, and equal values of all keys that may not change on resume.
    package func requireBest(
        of configuration: TrainingConfiguration, identity: RunIdentity?, vocabulary: Vocabulary, textDigests: [String: String]
    ) throws(StoredRunError) {
        try facts.requireRun(of: configuration, identity: identity, vocabulary: vocabulary, textDigests: textDigests)
    }
}

extension CheckpointFacts {
    /// Throws `StoredRunError.foreignCheckpoint` unless the two files can be of one run.
    package func requireSameRun(as other: CheckpointFacts) throws(StoredRunError) {
        do throws(StoredRunError) {
            try requireRun(
                of: other.configuration, identity: other.runIdentity, vocabulary: other.vocabulary, textDigests: other.textDigests
            )
        } catch {
            guard case .inconsistentCheckpoint(_, let reason) = error else { throw error }
            throw .foreignCheckpoint(path: path, file: other.path, reason: reason)
        }
    }

    /// Throws `StoredRunError.inconsistentCheckpoint` unless the file belongs to a run with these properties.
    fileprivate func requireRun(
        of configuration: TrainingConfiguration, identity: RunIdentity?, vocabulary: Vocabulary, textDigests: [String: String]
    ) throws(StoredRunError) {
        func refusal(_ what: String) -> StoredRunError {
            .inconsistentCheckpoint(path: path, reason: "it is from another run: \(what)")
        }
        let changes = configuration.forbiddenChanges(from: self.configuration)
        guard changes.isEmpty else {
            throw refusal(changes.map { "its \($0.key.rawValue) is different" }.joined(separator: ", "))
        }
        guard self.vocabulary.digest == vocabulary.digest else { throw refusal("its vocabulary is different") }
        if RunIdentity.differ(runIdentity, identity) { throw refusal("its run_identity is different") }
        for role in [TextRole.train, .valid] where self.textDigests[role.rawValue] != textDigests[role.rawValue] {
            throw refusal("its text of \(role.option) is different")
        }
    }
}
