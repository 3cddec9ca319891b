/// Every key of a run's configuration, under the name it has in TOML and JSON.
///
/// The long option of the command line is the same name after two dashes.
public enum ConfigurationKey: String, CodingKey, CaseIterable, Sendable {
    case text
    case train
    case valid
    case test
    case tokens
    case vocabularySize = "vocabulary-size"
    case minimumCount = "minimum-count"

    case cell
    case nonlinearity
    case gruReset = "gru-reset"
    case layers
    case embeddingSize = "embedding-size"
    case hiddenSize = "hidden-size"
    case tieWeights = "tie-weights"
    case dropout
    case initialization = "init"
    case initialScale = "init-scale"
    case forgetBias = "forget-bias"
    case initialState = "initial-state"
    case precision

    case batchSize = "batch-size"
    case windowLength = "bptt"
    case optimizer
    case learningRate = "learning-rate"
    case momentum
    case beta1
    case beta2
    case adamEpsilon = "adam-epsilon"
    case weightDecay = "weight-decay"
    case clip
    case clipMode = "clip-mode"

    case epochs
    case schedule
    case decay
    case decayAfter = "decay-after"
    case decayRate = "decay-rate"
    case validateEvery = "validate-every"
    case patience
    case epsilon

    case run
    case seed
    case logEvery = "log-every"
    case checkpointEvery = "checkpoint-every"
    case keep

    case stallLimit = "stall-limit"
    case timeLimit = "time-limit"
    case verifyEvery = "verify-every"
    case onFault = "on-fault"
    case maxBadSteps = "max-bad-steps"
    case maxRollbacks = "max-rollbacks"

    case shards
    case exchange
    case nodeSize = "node-size"
    case teams
}

extension ConfigurationKey {
    /// The long option of the command line: `--batch-size`.
    public var option: String { "--" + rawValue }
}
