package import Communication
package import Configuration
import Exchange
import TextData

extension ParallelModel {
    /// This rank's share of the model of a configuration, which has its number of shards. `tokenCounts`: see `modelShape`. The parameters are not initialised. Collective.
    ///
    /// Throws the errors of `ShardLayout` and of `GradientExchange`.
    package convenience init(
        world: World, _ configuration: TrainingConfiguration, vocabularySize: Int, tokenCounts: [Int] = []
    ) throws {
        let shape = configuration.modelShape(vocabularySize: vocabularySize, tokenCounts: tokenCounts)
        let shards = try ShardLayout(
            streamCount: configuration.batchSize, shardCount: configuration.shards ?? 1, rankCount: world.rankCount)
        let exchange = try GradientExchange(
            world: world,
            shape: ExchangeShape(
                training: shape, shards: shards, windowLength: configuration.mostSteps, precision: configuration.precision,
                teams: configuration.teams),
            transport: configuration.exchange == .window ? .window : .messages,
            nodeSize: configuration.nodeSize > 0 ? configuration.nodeSize : nil)
        self.init(
            shape: shape, shards: shards, rank: world.rank, exchange: exchange, windowLength: configuration.mostSteps,
            updateRule: configuration.updateRule, precision: configuration.precision)
    }
}
