public import Kinds
import Tasks
import TextData

// The keys that do not belong to a kind. Optimizers, schedules and other kinds declare their keys in their own files.
extension ConfigurationKey {
    public static let text = ConfigurationKey("text")
    public static let train = ConfigurationKey("train")
    public static let valid = ConfigurationKey("valid")
    public static let test = ConfigurationKey("test")
    public static let tokens = ConfigurationKey("tokens")
    public static let tokenPattern = ConfigurationKey("token-pattern")
    public static let sentencePieceModel = ConfigurationKey("sentencepiece-model")
    public static let vocabularySize = ConfigurationKey("vocabulary-size")
    public static let minimumCount = ConfigurationKey("minimum-count")
    public static let batching = Batchings.key
    public static let task = Tasks.key

    public static let cell = ConfigurationKey("cell")
    public static let nonlinearity = ConfigurationKey("nonlinearity")
    public static let gruReset = ConfigurationKey("gru-reset")
    public static let connections = ConfigurationKey("connections")
    public static let output = ConfigurationKey("output")
    public static let cutoffs = ConfigurationKey("cutoffs")
    public static let logitMemory = ConfigurationKey("logit-memory")
    public static let layers = ConfigurationKey("layers")
    public static let embeddingSize = ConfigurationKey("embedding-size")
    public static let wordVectors = ConfigurationKey("word-vectors")
    public static let freezeEmbeddings = ConfigurationKey("freeze-embeddings")
    public static let hiddenSize = ConfigurationKey("hidden-size")
    public static let tieWeights = ConfigurationKey("tie-weights")
    public static let dropout = ConfigurationKey("dropout")
    public static let lockedDropout = ConfigurationKey("locked-dropout")
    public static let embeddingDropout = ConfigurationKey("embedding-dropout")
    public static let weightDropout = ConfigurationKey("weight-dropout")
    public static let activationRegularization = ConfigurationKey("activation-regularization")
    public static let temporalRegularization = ConfigurationKey("temporal-regularization")
    public static let initialization = ConfigurationKey("init")
    public static let initialScale = ConfigurationKey("init-scale")
    public static let forgetBias = ConfigurationKey("forget-bias")
    public static let initialState = ConfigurationKey("initial-state")
    public static let precision = ConfigurationKey("precision")

    public static let batchSize = ConfigurationKey("batch-size")
    public static let windowLength = ConfigurationKey("bptt")
    public static let variableWindow = ConfigurationKey("variable-window")
    public static let optimizer = ConfigurationKey("optimizer")
    public static let learningRate = ConfigurationKey("learning-rate")
    public static let clip = ConfigurationKey("clip")
    public static let clipMode = ConfigurationKey("clip-mode")

    public static let epochs = ConfigurationKey("epochs")
    public static let schedule = ConfigurationKey("schedule")
    public static let warmUp = ConfigurationKey("warm-up")
    public static let validateEvery = ConfigurationKey("validate-every")
    public static let patience = ConfigurationKey("patience")
    public static let epsilon = ConfigurationKey("epsilon")

    public static let run = ConfigurationKey("run")
    public static let seed = ConfigurationKey("seed")
    public static let logEvery = ConfigurationKey("log-every")
    public static let sampleEvery = ConfigurationKey("sample-every")
    public static let trackGradients = ConfigurationKey("track-gradients")
    public static let checkpointEvery = ConfigurationKey("checkpoint-every")
    public static let keep = ConfigurationKey("keep")
    public static let tensorboard = ConfigurationKey("tensorboard")

    public static let stallLimit = ConfigurationKey("stall-limit")
    public static let timeLimit = ConfigurationKey("time-limit")
    public static let verifyEvery = ConfigurationKey("verify-every")
    public static let onFault = ConfigurationKey("on-fault")
    public static let maxBadSteps = ConfigurationKey("max-bad-steps")
    public static let maxRollbacks = ConfigurationKey("max-rollbacks")

    public static let shards = ConfigurationKey("shards")
    public static let exchange = ConfigurationKey("exchange")
    public static let nodeSize = ConfigurationKey("node-size")
    public static let teams = ConfigurationKey("teams")
}
