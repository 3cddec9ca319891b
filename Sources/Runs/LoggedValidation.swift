/// A validation in `metrics.jsonl`.
struct LoggedValidation: Equatable, Sendable {
    /// The number of steps before the validation.
    let step: Int
    /// In nats per token; nil if it was not finite.
    let loss: Double?
    /// The digest of the parameters.
    let digest: String?
    /// Whether according to the log the parameters were written to `best.safetensors`.
    let isBest: Bool?
    /// The index of the part of the log that contains the line. A part begins when a job starts and when a run returns to a checkpoint.
    let part: Int
    /// Whether no earlier line of the part has a later step, and the job had not ended.
    let isInOrder: Bool

    /// Whether this may be the validation of a model. Logs of older versions have no digest.
    func isOf(_ model: BestModel) -> Bool {
        step == model.step && loss == model.loss && digest ?? model.parametersDigest == model.parametersDigest
    }
}

/// The last line of a job in `metrics.jsonl`.
struct LoggedEnd: Equatable, Sendable {
    let step: Int
    /// The best model according to the line; nil if it has none.
    let best: BestModel?
}
