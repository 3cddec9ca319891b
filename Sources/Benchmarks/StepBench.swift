import Communication
import Exchange
import Models
import Tensors
import TextData
import Training

/// A model that runs training steps on random tokens.
struct StepBench {
    let parallel: ParallelModel
    private let model: MeasuredModel
    private let trainingStep: TrainingStep
    private let windows: [WindowBuffers]

    /// Collective. Throws a `RemoteFailure` if there are more ranks than streams or shards.
    init(world: World, model: MeasuredModel) throws {
        Processor.flushDenormals()
        parallel = try Self.makeModel(world: world, model: model)
        if world.isRoot {
            model.configuration.parameterInitialization.fill(parallel.exchange.parameters, parallel.layout)
        }
        try parallel.broadcastParameters()
        self.model = model
        trainingStep = TrainingStep(parallel, model.configuration)
        let streams = parallel.streams.count
        windows = (0..<4).map { WindowBuffers(randomOf: model, streams: streams, seed: UInt64(4 * world.rank + $0)) }
    }

    private static func makeModel(world: World, model: MeasuredModel) throws -> ParallelModel {
        var configuration = model.configuration
        configuration.shards = try world.agree { try model.configuration.shardLayout(rankCount: world.rankCount).shardCount }
        try MemoryCheck.require(configuration, vocabularySize: model.vocabularySize, world: world)
        return try ParallelModel(world: world, configuration, vocabularySize: model.vocabularySize)
    }

    /// Runs one step, as in training.
    func step(_ step: Int) throws -> StepTimes {
        let exchange = parallel.exchange
        let waitedBefore = exchange.counters.waitedNanoseconds
        let waitedForTeamBefore = exchange.team?.waitedNanoseconds ?? 0
        let start = MonotonicClock.nanoseconds
        trainingStep.compute(
            windows[step % windows.count],
            BatchWindow(
                steps: model.configuration.windowLength, tokens: model.tokensPerStep, predictions: model.tokensPerStep,
                beginsSequences: step == 0),
            step: step)
        let computed = MonotonicClock.nanoseconds
        let waitedForTeam = (exchange.team?.waitedNanoseconds ?? 0) - waitedForTeamBefore
        let waitedInRun = exchange.counters.waitedNanoseconds - waitedBefore
        let reduction = try trainingStep.reduce()
        let reduced = MonotonicClock.nanoseconds
        let waitedInReduce = exchange.counters.waitedNanoseconds - waitedBefore - waitedInRun
        _ = try trainingStep.update(norm: reduction.squaredNorm.squareRoot(), rate: model.configuration.learningRate)
        let end = MonotonicClock.nanoseconds
        let waited = exchange.counters.waitedNanoseconds - waitedBefore
        return StepTimes(
            whole: end - start, compute: computed - start - waitedForTeam - waitedInRun,
            reduce: reduced - computed - waitedInReduce,
            update: end - reduced - (waited - waitedInRun - waitedInReduce), wait: waited + waitedForTeam)
    }

    /// Waits for all ranks. If a host has more ranks than cores, waiting ranks sleep.
    func barrier() throws {
        _ = try parallel.exchange.exchangeScalars()
    }
}

extension WindowBuffers {
    /// A window of random tokens: uniform ones touch as many rows of the embedding as a step can.
    fileprivate convenience init(randomOf model: MeasuredModel, streams: Int, seed: UInt64) {
        self.init(steps: model.configuration.windowLength, streams: streams)
        let random = CounterRandom(seed: seed, purpose: .dataset)
        for i in inputs.indices {
            let (input, target, _, _) = random.block(UInt64(i), 0)
            inputs[i] = model.token(input)
            targets[i] = model.token(target)
            mask[i] = 1
        }
    }
}
