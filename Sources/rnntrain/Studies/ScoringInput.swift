import Assessment
import Checkpoints
import Communication
import Configuration
import Failures
import Files
import Inference
import Kinds
import Reports
import Runs

/// A model that an option names, with the configuration of its run.
struct ScoringInput {
    let model: ScoringModel
    /// Nil for n-grams.
    let configuration: TrainingConfiguration?
    /// The values with which the model was trained, of keys that a resume may change; nil for a job that used no value.
    var trainedKeys: [ConfigurationKey: [String?]] = [:]

    /// The keys in which the configurations differ; nil if one of the models has none.
    func differences(from other: ScoringInput) -> [ConfigurationDifference]? {
        guard let configuration, let second = other.configuration else { return nil }
        return ConfigurationDifference.all(configuration, changes: trainedKeys, second, changes: other.trainedKeys)
    }
}

extension NamedCheckpoint {
    /// Opens a network that predicts tokens, or the n-grams of an ARPA file.
    ///
    /// - Parameter comparing: whether the values of keys that a resume may change are needed, for which the log of a run folder is read.
    func openScoring(comparing: Bool = false) throws -> ScoringInput {
        if isARPA {
            return ScoringInput(model: ScoringModel(nGrams: NGramScorer(try openARPA()), path: path), configuration: nil)
        }
        let checkpoint = try open()
        let model = try StoredModel(checkpoint, steps: LineScorer.windowLength)
        return ScoringInput(
            model: try ScoringModel(model), configuration: checkpoint.configuration,
            trainedKeys: comparing ? try trainedKeys(upTo: checkpoint) : [:])
    }

    /// The values of the keys that a resume may change, up to this model, if the path is a run folder with a readable log.
    private func trainedKeys(upTo checkpoint: StoredCheckpoint) throws -> [ConfigurationKey: [String?]] {
        let log = RunFolder(path: path).metricsPath
        guard isFolder(path), pathExists(log) else { return [:] }
        do {
            let history = try RunHistory(log: log, upTo: checkpoint)
            if history.lacksValues {
                StandardError.note(
                    "\(quoting: path): the log lacks the values of keys (free_keys) of a job that trained the model, so that the configuration "
                        + "may differ in further keys.")
            }
            return history.trainedKeys
        } catch let error as any UserFacingError {
            StandardError.warn("\(error.description) The values of the configuration are those of the job that saved the model.")
            return [:]
        }
    }
}
