import Assessment
import Configuration
import Inference
import Runs

/// A model that an option names, with the configuration of its run.
struct ScoringInput {
    let model: ScoringModel
    /// Nil for n-grams.
    let configuration: TrainingConfiguration?

    /// The keys in which the configurations differ; nil if one of the models has none.
    func differences(from other: ScoringInput) -> [ConfigurationDifference]? {
        guard let configuration, let second = other.configuration else { return nil }
        return ConfigurationDifference.all(configuration, second)
    }
}

extension NamedCheckpoint {
    /// Opens a network that predicts tokens, or the n-grams of an ARPA file.
    func openScoring() throws -> ScoringInput {
        if isARPA {
            return ScoringInput(model: ScoringModel(nGrams: NGramScorer(try openARPA()), path: path), configuration: nil)
        }
        let checkpoint = try open()
        let model = try StoredModel(checkpoint, steps: LineScorer.windowLength)
        return ScoringInput(model: try ScoringModel(model), configuration: checkpoint.configuration)
    }
}
