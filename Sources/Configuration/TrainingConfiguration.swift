public import Kinds
public import Layers
public import Models
public import Optimizers
public import Tensors
public import Tasks
public import TextData

/// The configuration of a training run. Each property is one key of the TOML file and one long option.
///
/// Legend of the sizes: B streams over all ranks (`batchSize`), T time steps of a window (`windowLength`), E embedding, H hidden,
/// L layers, V vocabulary, S shards. ``ConfigurationField`` declares the names, themes and help of the keys.
public struct TrainingConfiguration: Equatable, Sendable {
    // Data.
    /// One text, whose lines are split into training, validation and test text. It excludes `train`, `valid` and `test`.
    public var text: String?
    /// The training text. If it and `text` are nil, the run trains on the built-in embedded Reber grammar.
    public var train: String?
    public var valid: String?
    public var test: String?
    public var tokens = TokenUnit.word
    /// The regular expression of `--tokens regex`.
    public var tokenPattern: String?
    /// The model of `--tokens sentencepiece`; nil: the run trains one. Read at the start of a run only.
    public var sentencePieceModel: String?
    /// Maximum number of vocabulary entries; 0: no limit; nil: 10,000 for words, 8,000 pieces, otherwise no limit.
    public var vocabularySize: Int?
    public var minimumCount = 1
    public var batching = BatchingKind.streams
    public var task = TaskKind.languageModel

    // Model.
    /// The cell of the recurrent layers.
    public var cell = CellKind.lstm
    public var connections = ConnectionKind.stacked
    public var output = OutputKind.full
    public var layers = 2
    public var embeddingSize = 200
    /// The file of vectors from which the embedding starts. Read at the start of a run only.
    public var wordVectors: String?
    /// Whether training leaves the embedding as it starts.
    public var freezeEmbeddings = false
    public var hiddenSize = 200
    /// Units of the layer between the embedding and the lowest recurrent layer; 0: none.
    public var inputLayerSize = 0
    /// Units of the layer between the topmost recurrent layer and the output layer; 0: none.
    public var outputLayerSize = 0
    public var tieWeights = false
    /// The probability of dropping a unit.
    public var dropout = 0.0
    /// Whether all time steps of a window drop the same units.
    public var lockedDropout = false
    /// The probability with which a step drops a token of the vocabulary.
    public var embeddingDropout = 0.0
    /// The probability with which a step drops a recurrent weight.
    public var weightDropout = 0.0
    /// The factor of the mean square of what the output layer reads, after dropout.
    public var activationRegularization = 0.0
    /// The factor of the mean square of its changes from step to step.
    public var temporalRegularization = 0.0
    public var initialization = InitializationKind.orthogonal
    public var initialScale = 0.1
    /// The frequencies of tokens for the output layer; nil follows the output layer for a new run, and is Zipf's law in a checkpoint without the
    /// key: see ``resolvedFrequencies``.
    public var tokenFrequencies: TokenFrequencies?
    /// Added to the forget gate's bias; nil follows `initialization`: see ``resolvedForgetBias``.
    public var forgetBias: Double?
    public var initialState = InitialState.zero
    public var precision = Precision.fp32

    // Optimization.
    /// B, the number of streams over all ranks.
    public var batchSize = 32
    public var windowLength = 35
    /// Whether the windows of the training text have random lengths around `windowLength`.
    public var variableWindow = false
    public var optimizer = OptimizerKind(Adam.self)
    public var learningRate = 0.002
    /// Maximum gradient norm, or maximum absolute value of an element; 0: off.
    public var clip = 1.0
    public var clipMode = ClipMode.norm

    // Schedule and convergence.
    /// The maximum number of passes over the training text.
    public var epochs = 10
    public var schedule = ScheduleKind(ConstantSchedule.self)
    /// Steps with an update over which the learning rate rises to that of the schedule; 0: off.
    public var warmUp = 0
    /// Steps between validations; 0: after each epoch.
    public var validateEvery = 0
    /// Consecutive validations without improvement after which the run ends; 0: off.
    public var patience = 0
    /// The smallest decrease of the validation loss that counts as an improvement, in nats per token.
    public var epsilon = 0.0

    // Run folder, log and checkpoints.
    /// The folder of the run.
    public var run: String?
    public var seed = 1
    public var logEvery = 50
    /// Steps between generated texts; 0: off.
    public var sampleEvery = 0
    /// Steps between log lines of hidden gradients; 0: off.
    public var trackGradients = 0
    public var checkpointEvery = CheckpointInterval.time(TimeSpan(seconds: 600))
    public var keep = 2
    /// Whether to write a TensorBoard event file.
    public var tensorboard = false

    // Deadlines and faults.
    /// The job ends if a rank makes no progress for this time; 0: never.
    public var stallLimit = TimeSpan(seconds: 300)
    public var timeLimit: TimeSpan?
    /// Steps between checks of gradients and parameters; 0: off.
    public var verifyEvery = 200
    public var onFault = FaultResponse.restore
    /// Consecutive steps with a loss or gradient that is not finite, after which a checkpoint is restored.
    public var maxBadSteps = 10
    /// Maximum number of times that one job restores a checkpoint.
    public var maxRollbacks = 3

    // Distribution over ranks.
    /// S; nil: the default, which depends on the number of ranks at the start of the run.
    public var shards: Int?
    public var exchange = ExchangeMode.window
    /// The number of ranks to treat as one node; 0: the real nodes.
    public var nodeSize = 0
    public var teams = TeamMode.auto

    /// The settings that kinds declare, such as optimizers and schedules.
    public var settings = Settings()

    /// The defaults: a two-layer LSTM of 200 units on words, orthogonal recurrent matrices, Adam, clipping at norm 1.
    public init() {}

    /// The defaults for the built-in embedded Reber grammar.
    public static let reberDemo: TrainingConfiguration = {
        var configuration = TrainingConfiguration()
        configuration.tokens = .char
        configuration.layers = 1
        configuration.embeddingSize = 16
        configuration.hiddenSize = 32
        configuration.windowLength = 20
        configuration.learningRate = 0.01
        configuration.epochs = 10
        configuration.logEvery = 188
        return configuration
    }()

    /// The limits of the vocabulary.
    public var vocabularyLimits: VocabularyLimits {
        if sentencePieceModel != nil { return VocabularyLimits(minimumCount: minimumCount) }
        let size = vocabularySize ?? (tokens == .word ? 10_000 : tokens == .sentencepiece ? 8_000 : 0)
        return VocabularyLimits(size: size == 0 ? nil : size, minimumCount: minimumCount)
    }

    /// Whether the tokens come from the built-in source, because no text is named.
    public var usesBuiltInSource: Bool { text == nil && train == nil && valid == nil && test == nil }
}
