import Models

/// A model to measure: two LSTM layers over random tokens, trained with Adam.
public struct MeasuredModel: Sendable {
    /// Units of a layer, and of the embedding.
    public var hiddenSize: Int
    public var vocabularySize: Int
    /// Streams of all ranks.
    public var batchSize: Int
    public var windowLength: Int

    public init(hiddenSize: Int, vocabularySize: Int, batchSize: Int, windowLength: Int) {
        self.hiddenSize = hiddenSize
        self.vocabularySize = vocabularySize
        self.batchSize = batchSize
        self.windowLength = windowLength
    }

    var shape: ModelShape {
        ModelShape(
            cell: .lstm, layers: 2, vocabularySize: vocabularySize, embeddingSize: hiddenSize, hiddenSize: hiddenSize)
    }
}
