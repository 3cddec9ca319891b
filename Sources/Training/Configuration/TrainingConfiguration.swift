public import Models
public import Optimizers
public import Tensors
public import TextData

/// Everything that decides a training run, flat: each property is one key of the TOML file and one long option.
///
/// Legend of the sizes: B streams over all ranks (`batchSize`), T time steps of a window (`windowLength`), E embedding,
/// H hidden, L layers, V vocabulary, S shards. The keys' names, themes and help stand in ``ConfigurationField``.
public struct TrainingConfiguration: Equatable, Sendable {
    // Data.
    /// One text, whose lines are split into those to train, to validate and to test; instead of the three.
    public var text: String?
    /// The training text; nil with `text` nil stands for the built-in embedded Reber grammar.
    public var train: String?
    public var valid: String?
    public var test: String?
    public var tokens = TokenUnit.word
    /// Entries of the vocabulary at most; 0 is without limit, nil is 10,000 for words and without limit for the others.
    public var vocabularySize: Int?
    public var minimumCount = 1

    // Model.
    public var cell = CellKind.lstm
    public var nonlinearity = Nonlinearity.tanh
    public var gruReset = GRUReset.after
    public var layers = 2
    public var embeddingSize = 200
    public var hiddenSize = 200
    public var tieWeights = false
    /// The probability of dropping a unit.
    public var dropout = 0.0
    public var initialization = InitializationKind.orthogonal
    public var initialScale = 0.1
    /// Added to the forget gate's bias; nil follows `initialization`: see ``resolvedForgetBias``.
    public var forgetBias: Double?
    public var initialState = InitialState.zero
    public var precision = Precision.fp32

    // Optimization.
    public var batchSize = 32
    public var windowLength = 35
    public var optimizer = OptimizerKind.adam
    public var learningRate = 0.002
    public var momentum = 0.0
    public var beta1 = 0.9
    public var beta2 = 0.999
    public var adamEpsilon = 1e-8
    public var weightDecay = 0.0
    /// The limit of the gradient's norm, or of each of its elements; 0 is off.
    public var clip = 1.0
    public var clipMode = ClipMode.norm

    // Schedule and convergence.
    public var epochs = 10
    public var schedule = ScheduleKind.constant
    /// The factor of the schedules `step` and `plateau`.
    public var decay = 0.5
    /// Epochs before the schedule `step` begins.
    public var decayAfter = 4
    /// The lambda of the schedule `inverse`, per update.
    public var decayRate = 1e-4
    /// Steps between validations; 0 is after each epoch.
    public var validateEvery = 0
    /// Validations in a row without improvement that end the run; 0 is off.
    public var patience = 0
    /// The fall of the validation loss that counts as an improvement, in nats per token.
    public var epsilon = 0.0

    // Run folder, log and checkpoints.
    public var run: String?
    public var seed = 1
    public var logEvery = 50
    public var checkpointEvery = CheckpointInterval.minutes(10)
    public var keep = 2

    // Deadlines and faults.
    /// Time without progress after which the job has ended; 0 is off.
    public var stallLimit = TimeSpan(seconds: 300)
    public var timeLimit: TimeSpan?
    /// Steps between checks of gradients and parameters; 0 is off.
    public var verifyEvery = 200
    public var onFault = FaultResponse.restore
    /// Steps without a finite loss and gradient, in a row, that end the patience.
    public var maxBadSteps = 10
    /// Ways back to a checkpoint that one job takes.
    public var maxRollbacks = 3

    // Distribution over ranks.
    /// S; nil is the default rule, which depends on the ranks that a run starts with.
    public var shards: Int?
    public var exchange = ExchangeMode.window
    /// Ranks that are treated as one node; 0 takes the nodes as they are.
    public var nodeSize = 0
    public var teams = TeamMode.auto

    /// The defaults: a two-layer LSTM of 200 units on words, orthogonal recurrent matrices, Adam, clipping at norm 1.
    public init() {}

    /// What the built-in embedded Reber source is trained with, where nothing else is asked for.
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

    /// What the vocabulary keeps of the training text.
    public var vocabularyLimits: VocabularyLimits {
        let size = vocabularySize ?? (tokens == .word ? 10_000 : 0)
        return VocabularyLimits(size: size == 0 ? nil : size, minimumCount: minimumCount)
    }

    /// Whether the tokens come from the built-in source: no text is named.
    public var usesBuiltInSource: Bool { text == nil && train == nil && valid == nil && test == nil }
}
