import Runs
import Tasks

/// The data of the last lines of a run.
struct RunEnding {
    var outcome: TrainingOutcome
    /// The digest of the parameters after the last step.
    let parametersDigest: String
    /// The model in `best.safetensors`, read again at the end; nil for none.
    var best: BestModel?
    /// Whether the run has abandoned the steps that led to `best`.
    var bestIsAbandoned: Bool
    /// The score of the best model on the test text, or of the last parameters if there is no best model; nil without a test.
    var test: (any TaskScore)?
}
