package import Models
package import Optimizers
package import TextData

extension TrainingConfiguration {
    /// The shape of the model for a vocabulary of this size.
    package func modelShape(vocabularySize: Int) -> ModelShape {
        var shape = ModelShape(
            cell: cell, settings: settings, connection: connections, layers: layers,
            vocabularySize: vocabularySize, embeddingSize: embeddingSize, hiddenSize: hiddenSize, tieWeights: tieWeights,
            initialState: initialState, dropout: Float(dropout))
        shape.regularization.locksDropout = lockedDropout
        shape.regularization.embeddingDropout = Float(embeddingDropout)
        shape.regularization.activation = Float(activationRegularization)
        shape.regularization.temporal = Float(temporalRegularization)
        return shape
    }

    /// The value added to the forget gate's bias: by default 1 (Jozefowicz et al. 2015), or 0 if every parameter is initialised
    /// uniformly.
    public var resolvedForgetBias: Double { forgetBias ?? (initialization == .uniform ? 0 : 1) }

    package var parameterInitialization: ParameterInitialization {
        ParameterInitialization(
            kind: initialization, scale: Float(initialScale), forgetBias: Float(resolvedForgetBias), seed: UInt64(seed))
    }

    package var updateRule: any UpdateRule { UpdateRules.rule(optimizer, settings) }

    /// The batches of a text. Throws if the text is too short, or if lines are needed and it has none.
    package func batches(of text: some TokenisedText, source: String) throws(TextDataError) -> any BatchLayout {
        try Batchings.batching(batching).layout(
            text, BatchShape(streamCount: batchSize, windowLength: windowLength, seed: UInt64(seed)), source: source)
    }

    /// Whether the model reads each line as an independent sequence.
    public var separatesLines: Bool { Batchings.batching(batching).separatesLines }

    package var learningRateSchedule: any Schedule { Schedules.schedule(schedule, settings) }

    /// The maximum number of ranks: each needs a shard, and each shard needs a stream.
    public var mostRanks: Int { shards ?? batchSize }
}
