import Models
public import Training

/// A model and its training step, to be measured over random tokens.
public struct MeasuredModel: Sendable {
    /// What it is called in the report.
    public var name: String
    /// Model, batch (over all ranks), window, optimizer, clipping, shards and exchange, as for training.
    public var configuration: TrainingConfiguration
    public var vocabularySize: Int

    /// A two-layer LSTM with an embedding of its hidden size, Adam, clipping at norm 1.
    public init(name: String, hiddenSize: Int, vocabularySize: Int, batchSize: Int, windowLength: Int) {
        self.name = name
        self.vocabularySize = vocabularySize
        configuration = TrainingConfiguration()
        configuration.hiddenSize = hiddenSize
        configuration.embeddingSize = hiddenSize
        configuration.batchSize = batchSize
        configuration.windowLength = windowLength
        configuration.learningRate = 1e-4
        // The numbers do not matter to the time of a step, and orthogonal ones take long to make at large sizes.
        configuration.initialization = .uniform
        configuration.initialScale = 0.05
    }

    /// Weights of the model.
    public var parameterCount: Int { shape.parameterLayout.parameterCount }

    /// Floating-point operations of the products for a token: three times those of a forward pass.
    public var operationsPerToken: Double { 3 * shape.forwardOperationsPerToken }

    var shape: ModelShape { configuration.modelShape(vocabularySize: vocabularySize) }

    /// Tokens of a step, of all ranks.
    var tokensPerStep: Int { configuration.batchSize * configuration.windowLength }
}
