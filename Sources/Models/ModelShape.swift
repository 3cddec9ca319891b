public import Kinds
public import Layers
public import Tensors

/// The initial state of an epoch.
public enum InitialState: String, Codable, CaseIterable, Sendable {
    case zero, learned
}

/// The shape of a language model: everything that decides the names and shapes of its parameters, and its equations.
public struct ModelShape: Sendable, Equatable {
    public var cell: CellKind
    /// The settings of its cell and of its other kinds.
    public var settings: Settings
    /// How the output and the input of each layer above the lowest are combined.
    public var connection: ConnectionKind
    public var layers: Int
    public var vocabularySize: Int
    public var embeddingSize: Int
    public var hiddenSize: Int
    /// Whether embedding and output share one table; needs `embeddingSize == hiddenSize`.
    public var tieWeights: Bool
    public var initialState: InitialState
    /// The dropout probability on every non-recurrent connection, in training only.
    public var dropout: Float

    public init(
        cell: CellKind, settings: Settings = Settings(), connection: ConnectionKind = .stacked, layers: Int, vocabularySize: Int,
        embeddingSize: Int,
        hiddenSize: Int, tieWeights: Bool = false, initialState: InitialState = .zero, dropout: Float = 0
    ) {
        precondition(layers > 0 && vocabularySize > 0 && embeddingSize > 0 && hiddenSize > 0, "a size is not positive")
        precondition(!tieWeights || embeddingSize == hiddenSize, "tied weights of sizes \(embeddingSize) and \(hiddenSize)")
        self.cell = cell
        self.settings = settings
        self.connection = connection
        self.layers = layers
        self.vocabularySize = vocabularySize
        self.embeddingSize = embeddingSize
        self.hiddenSize = hiddenSize
        self.tieWeights = tieWeights
        self.initialState = initialState
        self.dropout = dropout
    }

    /// The size of layer `k`'s input.
    func inputSize(ofLayer k: Int) -> Int { k == 0 ? embeddingSize : hiddenSize }

    /// The memory needs of a model of this shape, without creating it.
    public func needs(_ settings: BuildSettings) -> ModelNeeds {
        Builder.measure(settings) { _ = LanguageModel(self, $0) }
    }

    /// The needs that do not depend on windows and ranks: parameters, and the packed weights for inference or training.
    public func needs(training: Bool, precision: Precision = .fp32) -> ModelNeeds {
        needs(BuildSettings(WindowCapacity(steps: 1, streams: 1, training: training), precision: precision))
    }

    /// PyTorch's names and shapes, in the order of the arena.
    public var parameterLayout: ParameterLayout { needs(training: false).parameters }

    /// Which gradients the ranks of a node should compute jointly: see `SoftmaxOutput.gradientSharing`.
    public func gradientSharing(steps: Int, streams: Int, rankCount: Int) -> GradientSharing {
        SoftmaxOutput.gradientSharing(
            vocabularySize: vocabularySize, hiddenSize: hiddenSize, isTied: tieWeights, steps: steps, streams: streams,
            rankCount: rankCount)
    }
}
