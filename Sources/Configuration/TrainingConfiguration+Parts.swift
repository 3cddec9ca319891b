package import Layers
package import Models
package import Optimizers
public import Tasks
package import TextData

extension TrainingConfiguration {
    /// The shape of the model for a vocabulary of this size. `tokenCounts`: what `tokenCounts(of:)` gives. Sizes do not depend on them.
    package func modelShape(vocabularySize: Int, tokenCounts: [Int] = []) -> ModelShape {
        var shape = ModelShape(
            cell: cell, settings: settings, connection: connections, output: output, layers: layers,
            vocabularySize: vocabularySize,
            outputSize: taskType.outputSize(vocabularySize: vocabularySize, settings), embeddingSize: embeddingSize,
            hiddenSize: hiddenSize, inputLayerSize: inputLayerSize, outputLayerSize: outputLayerSize, tieWeights: tieWeights,
            initialState: initialState, dropout: Float(dropout))
        shape.tokenCounts = tokenCounts
        shape.freezesEmbeddings = freezeEmbeddings
        shape.regularization.locksDropout = lockedDropout
        shape.regularization.embeddingDropout = Float(embeddingDropout)
        shape.regularization.weightDropout = Float(weightDropout)
        shape.regularization.activation = Float(activationRegularization)
        shape.regularization.temporal = Float(temporalRegularization)
        return shape
    }

    /// The counts of a vocabulary that the output layer uses; empty if it uses none.
    package func tokenCounts(of vocabulary: Vocabulary) -> [Int] { tokenFrequencies == .counts ? vocabulary.counts : [] }

    /// The frequencies of tokens for the output layer of a new run: nil for a layer that does not depend on them. Labels of texts have no counts.
    package var resolvedFrequencies: TokenFrequencies? {
        guard Outputs.usesFrequencies(output) else { return nil }
        return taskType.predictsTokens ? tokenFrequencies ?? .counts : .zipf
    }

    /// The value added to the forget gate's bias: by default 1 (Jozefowicz et al. 2015), or 0 if every parameter is initialised
    /// uniformly.
    public var resolvedForgetBias: Double { forgetBias ?? (initialization == .uniform ? 0 : 1) }

    package var parameterInitialization: ParameterInitialization {
        ParameterInitialization(
            kind: initialization, scale: Float(initialScale), forgetBias: Float(resolvedForgetBias), seed: UInt64(seed))
    }

    package var updateRule: any UpdateRule { UpdateRules.rule(optimizer, settings) }

    /// The steps of the longest window.
    package var mostSteps: Int { BatchShape.mostSteps(windowLength: windowLength, varies: variableWindow) }

    /// The batches of a text, for training or for validation. Throws where it is too short, or does not have the form that the task needs.
    package func batches(
        of text: some TokenisedText, _ symbols: TextSymbols, source: String, training: Bool
    ) throws(TextDataError) -> any BatchLayout {
        try taskType.batches(
            of: text, symbols, batching,
            BatchShape(
                streamCount: batchSize, windowLength: windowLength, seed: UInt64(seed), variesLength: training && variableWindow),
            source: source)
    }

    /// The symbols that have a meaning for the task. Throws if the vocabulary lacks a label.
    package func symbols(_ vocabulary: Vocabulary) throws(TextDataError) -> TextSymbols {
        try TextSymbols(taskType, settings, vocabulary)
    }

    /// Whether each line is a text of its own for the model.
    public var separatesLines: Bool { taskType.separatesLines(batching) }

    /// What the model is trained to do.
    public var taskType: any Task.Type { Tasks.task(task) }

    /// Whether the training loss is an estimate from samples, which has no perplexity.
    package var estimatesTrainingLoss: Bool { Outputs.estimatesTraining(output) }

    package var learningRateSchedule: any Schedule { Schedules.schedule(schedule, settings) }

    /// The maximum number of ranks: each needs a shard, and each shard needs a stream.
    public var mostRanks: Int { shards ?? batchSize }

    /// The division of the streams into shards for this number of ranks, which decides the default number of shards. Throws if there are more
    /// ranks than shards, or more shards than streams.
    package func shardLayout(rankCount: Int) throws(TextDataError) -> ShardLayout {
        let shards = shards ?? ShardLayout.defaultShardCount(streamCount: batchSize, rankCount: rankCount)
        return try ShardLayout(streamCount: batchSize, shardCount: shards, rankCount: rankCount)
    }
}
