public import Configuration
import Models

/// A model with a training step, to be measured with random tokens.
public struct MeasuredModel: Sendable {
    /// The name in the report.
    public var name: String
    /// The configuration of training: model, batch size of all ranks, window, optimizer, clipping, shards and exchange.
    public var configuration: TrainingConfiguration
    public var vocabularySize: Int
    /// Whether tokens are drawn by Zipf's law; else all equally often.
    public var drawsByZipf = false

    /// A two-layer LSTM whose embedding has the hidden size, with Adam and clipping at norm 1.
    public init(name: String, hiddenSize: Int, vocabularySize: Int, batchSize: Int, windowLength: Int) {
        self.name = name
        self.vocabularySize = vocabularySize
        configuration = TrainingConfiguration()
        configuration.hiddenSize = hiddenSize
        configuration.embeddingSize = hiddenSize
        configuration.batchSize = batchSize
        configuration.windowLength = windowLength
        configuration.learningRate = 1e-4
        // The values do not affect the time of a step. Orthogonal matrices take long to compute at large sizes.
        configuration.initialization = .uniform
        configuration.initialScale = 0.05
    }

    /// The number of weights of the model.
    public var parameterCount: Int { shape.parameterLayout.parameterCount }

    /// Floating-point operations of the matrix products per token: three times those of a forward pass.
    public var operationsPerToken: Double { 3 * shape.needs(training: false).forwardOperationsPerToken }

    var shape: ModelShape { configuration.modelShape(vocabularySize: vocabularySize) }

    /// The number of tokens of a step, over all ranks.
    var tokensPerStep: Int { configuration.batchSize * configuration.windowLength }
}
