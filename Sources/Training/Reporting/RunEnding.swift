/// What is said of a run at its end.
struct RunEnding {
    let outcome: TrainingOutcome
    /// Of the parameters after the last step.
    let parametersDigest: String
    /// What `best.safetensors` holds, read again at the end; nil for none.
    var best: BestModel?
    /// The score on the test text of the best model, or of the last parameters where there is no best; nil where it was not made.
    var test: TextScore?
}
