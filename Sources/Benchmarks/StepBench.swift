import Communication
import Exchange
import Models
import Optimizers
import Tensors
import TextData
import Training

/// A model ready for steps over random tokens.
struct StepBench {
    let parallel: ParallelModel
    private let model: MeasuredModel
    private let rank: Int

    /// Collective. Throws a `RemoteFailure` where there are more ranks than streams.
    init(world: World, model: MeasuredModel, messages: Bool, nodeSize: Int?) throws {
        Processor.flushDenormals()
        let shards = try world.agree {
            try ShardLayout(
                streamCount: model.batchSize,
                shardCount: ShardLayout.defaultShardCount(streamCount: model.batchSize, rankCount: world.rankCount),
                rankCount: world.rankCount)
        }
        let exchange = try GradientExchange(
            world: world, shape: ExchangeShape(training: model.shape, shardCount: shards.shardCount),
            transport: messages ? .messages : .window, nodeSize: nodeSize)
        parallel = ParallelModel(
            shape: model.shape, shards: shards, rank: world.rank, exchange: exchange, windowLength: model.windowLength,
            dropout: 0, optimizer: OptimizerSettings(kind: .adam))
        if world.isRoot {
            ParameterInitialization(kind: .uniform, scale: 0.05, forgetBias: 1, seed: 1)
                .fill(exchange.parameters, shape: model.shape)
        }
        try parallel.broadcastParameters()
        self.model = model
        rank = world.rank
    }

    /// One step; nanoseconds in whole, compute, reduce, update, wait.
    func step(_ step: Int) throws -> [Int64] {
        let window = randomWindow(step)
        let exchange = parallel.exchange
        let waitedBefore = exchange.counters.waitedNanoseconds
        let start = MonotonicClock.nanoseconds
        parallel.run(
            window, steps: model.windowLength, predictions: model.batchSize * model.windowLength, atEpochStart: step == 0,
            dropoutKey: nil)
        let computed = MonotonicClock.nanoseconds
        _ = try exchange.reduce()
        let reduced = MonotonicClock.nanoseconds
        let waitedInReduce = exchange.counters.waitedNanoseconds - waitedBefore
        try parallel.update(clip: GradientClip(), rate: 1e-4)
        let end = MonotonicClock.nanoseconds
        let waited = exchange.counters.waitedNanoseconds - waitedBefore
        return [
            end - start, computed - start, reduced - computed - waitedInReduce, end - reduced - (waited - waitedInReduce),
            waited,
        ]
    }

    private func randomWindow(_ step: Int) -> WindowBuffers {
        let window = WindowBuffers(steps: model.windowLength, streams: parallel.streams.count)
        let random = CounterRandom(seed: UInt64(step), purpose: .dataset)
        for i in window.inputs.indices {
            let (input, target, _, _) = random.block(UInt64(i), UInt64(rank))
            window.inputs[i] = Int32(input % UInt32(model.vocabularySize))
            window.targets[i] = Int32(target % UInt32(model.vocabularySize))
            window.mask[i] = 1
        }
        return window
    }
}
