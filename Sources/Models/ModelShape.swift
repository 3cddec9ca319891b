public import Kinds
public import Layers
public import Tensors

/// The initial state of an epoch.
public enum InitialState: String, Codable, CaseIterable, Sendable {
    case zero, learned
}

/// The shape of a language model: everything that decides the names and shapes of its parameters, and its equations.
public struct ModelShape: Sendable, Equatable {
    /// The cell of the recurrent layers.
    public var cell: CellKind
    /// The settings of its cell and of its other kinds.
    public var settings: Settings
    /// How the output and the input of each layer above the lowest are combined.
    public var connection: ConnectionKind
    /// What turns the topmost layer's output into a distribution over the vocabulary.
    public var output: OutputKind
    public var layers: Int
    public var vocabularySize: Int
    /// The classes that the output layer chooses among: for a language model those of the vocabulary.
    public var outputSize: Int
    public var embeddingSize: Int
    public var hiddenSize: Int
    /// Units of the layer between the embedding and the lowest recurrent layer; 0: none.
    public var inputLayerSize: Int
    /// Units of the layer between the topmost recurrent layer and the output layer; 0: none.
    public var outputLayerSize: Int
    /// Whether embedding and output share one table; they must have equal columns.
    public var tieWeights: Bool
    /// Whether training leaves the embedding's table unchanged. Not with tied weights.
    public var freezesEmbeddings = false
    public var initialState: InitialState
    /// The dropout probability on every non-recurrent connection, in training only.
    public var dropout: Float
    /// The other regularisers.
    public var regularization = Regularization()
    /// The occurrences of each token in the training text, `[V]`, for an output that depends on them; empty for frequencies by Zipf's law.
    public var tokenCounts: [Int] = []

    public init(
        cell: CellKind, settings: Settings = Settings(), connection: ConnectionKind = .stacked,
        output: OutputKind = .full, layers: Int, vocabularySize: Int, outputSize: Int? = nil, embeddingSize: Int,
        hiddenSize: Int, inputLayerSize: Int = 0, outputLayerSize: Int = 0, tieWeights: Bool = false,
        initialState: InitialState = .zero, dropout: Float = 0
    ) {
        precondition(layers > 0 && vocabularySize > 0 && embeddingSize > 0 && hiddenSize > 0, "a size is not positive")
        precondition(!tieWeights || outputSize ?? vocabularySize == vocabularySize, "a tied table of other classes than tokens")
        self.cell = cell
        self.settings = settings
        self.connection = connection
        self.output = output
        self.layers = layers
        self.vocabularySize = vocabularySize
        self.outputSize = outputSize ?? vocabularySize
        self.embeddingSize = embeddingSize
        self.hiddenSize = hiddenSize
        self.inputLayerSize = inputLayerSize
        self.outputLayerSize = outputLayerSize
        self.tieWeights = tieWeights
        self.initialState = initialState
        self.dropout = dropout
        precondition(
            !Cells.predictsClasses(cell) || layers == 1 && outputLayerSize == 0 && !tieWeights && connection == .stacked,
            "a cell that predicts classes is the only layer")
        precondition(
            !tieWeights || embeddingSize == inputSize(ofLayer: layers),
            "tied weights of sizes \(embeddingSize) and \(inputSize(ofLayer: layers))")
    }

    /// The same parameters without regularisers, and with the exact loss instead of an estimate from samples.
    package var withExactLoss: ModelShape {
        var shape = self
        (shape.dropout, shape.regularization) = (0, Regularization())
        // An output that estimates its loss in training has the parameters of the full softmax.
        if Outputs.estimatesTraining(output) { shape.output = .full }
        return shape
    }

    /// Columns of the output of each recurrent layer.
    public var layerSize: Int {
        Cells.predictsClasses(cell) ? outputSize : Cells.outputSize(cell, units: hiddenSize, settings)
    }

    /// Columns of what layer `k` reads; of what the output layer reads for `k` equal to `layers`.
    public func inputSize(ofLayer k: Int) -> Int {
        if k == layers, outputLayerSize > 0 { return outputLayerSize }
        let first = inputLayerSize > 0 ? inputLayerSize : embeddingSize
        return (0..<k).reduce(first) { Connections.outputSize(ofLevel($1), input: $0, layer: layerSize) }
    }

    /// The connection of level `k`. The lowest level is stacked, unless its output may be combined with the embedding.
    func ofLevel(_ k: Int) -> ConnectionKind { k > 0 || connection.joinsEmbedding ? connection : .stacked }

    /// The memory needs of a model of this shape, without creating it.
    public func needs(_ settings: BuildSettings) -> ModelNeeds {
        Builder.measure(settings) { _ = SequenceModel(self, $0) }
    }

    /// The needs that do not depend on windows and ranks: parameters, and the packed weights for inference or training.
    public func needs(training: Bool, precision: Precision = .fp32) -> ModelNeeds {
        needs(BuildSettings(WindowCapacity(steps: 1, streams: 1, training: training), precision: precision))
    }

    /// The work of the model for one token; nil if the output layer does not know its own. Every weight below the output layer counts once for each
    /// token, also that of the lowest layer, which is multiplied once with each distinct token of a window.
    ///
    /// - Parameter targets: the share of the targets that are in a range of tokens.
    public func work(targets: (Range<Int>) -> Double) -> TokenWork? {
        let ofOutput =
            Cells.predictsClasses(cell)
            ? Outputs.workOfProbabilities(outputShape, targets: targets) : Outputs.work(output, outputShape, targets: targets)
        return ofOutput.map { TokenWork(weightCount: needs(training: false).layerWeightCount) + $0 }
    }

    /// PyTorch's names and shapes, in the order of the arena.
    public var parameterLayout: ParameterLayout { needs(training: false).parameters }

    /// Which gradients the ranks of a node should compute jointly: see `OutputLayer`.
    public func gradientSharing(steps: Int, streams: Int, rankCount: Int) -> GradientSharing {
        if Cells.predictsClasses(cell) { return rankCount == 1 ? .none : .recurrent }
        return Outputs.gradientSharing(output, outputShape, steps: steps, streams: streams, rankCount: rankCount)
    }

    /// The most tokens of a context with direct weights; 0: none.
    var maxEntOrder: Int { ContextFeatures.order(settings) }

    var outputShape: OutputShape {
        OutputShape(
            vocabularySize: outputSize, hiddenSize: inputSize(ofLayer: layers), isTied: tieWeights, settings: settings,
            tokenCounts: tokenCounts)
    }
}
