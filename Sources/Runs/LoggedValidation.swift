/// A validation in `metrics.jsonl`.
struct LoggedValidation: Equatable, Sendable {
    /// The steps before the validation.
    let step: Int
    /// Nats per token; nil if it was not finite.
    let loss: Double?
    /// The digest of the parameters.
    let digest: String?
    /// Whether the log says that the parameters became those of `best.safetensors`.
    let isBest: Bool?
    /// The index of the part of the log that contains the line. A part begins when a job starts and when a run returns to a checkpoint.
    let part: Int
    /// Whether no earlier line of the part names a later step, and the job had not ended.
    let isInOrder: Bool

    /// Whether this can be the validation of a model. Logs of older versions lack the digest.
    func isOf(_ model: BestModel) -> Bool {
        step == model.step && loss == model.loss && digest ?? model.parametersDigest == model.parametersDigest
    }
}

/// The last line of a job in `metrics.jsonl`.
struct LoggedEnd: Equatable, Sendable {
    let step: Int
    /// The model that the line calls the best; nil if it names none.
    let best: BestModel?
}
