public import Configuration
import Glibc
import Layers
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

    /// The work for one token; nil if the output layer does not know its own. Cost: linear in the size of the vocabulary.
    var work: TokenWork? { shape.work(targets: share) }

    var shape: ModelShape { configuration.modelShape(vocabularySize: vocabularySize) }

    /// The number of tokens of a step, over all ranks.
    var tokensPerStep: Int { configuration.batchSize * configuration.windowLength }

    /// A token from a random number. By Zipf's law, token t has the probability `log((t+2)/(t+1)) / log(V+1)`.
    func token(_ number: UInt32) -> Int32 {
        guard drawsByZipf else { return Int32(number % UInt32(vocabularySize)) }
        let rank = pow(Double(vocabularySize + 1), Double(number) * 0x1p-32)
        return Int32(min(max(Int(rank) - 1, 0), vocabularySize - 1))
    }

    /// The probability that `token` draws one of these tokens.
    func share(of tokens: Range<Int>) -> Double {
        guard drawsByZipf else { return Double(tokens.count) / Double(vocabularySize) }
        return log(Double(tokens.upperBound + 1) / Double(tokens.lowerBound + 1)) / log(Double(vocabularySize + 1))
    }
}
