public import Communication
import Exchange
import Tensors
import Training

/// The speed of training steps relative to the peak of the cores, the parts of their time, and their memory.
///
/// Steps are measured in blocks, with samples of the FMA peak before, between and after the blocks. The share of the peak is the median
/// over the blocks of the speed divided by the mean of the two adjacent samples. Figures that depend on the operations of a token are nil
/// if the output layer does not know its own.
public struct StepMeasurement: Sendable {
    /// The measured model.
    public let model: MeasuredModel
    public let steps: Int
    public let rankCount: Int
    public let hostCount: Int
    public let shardCount: Int
    /// The number of ranks that compute each recurrent step together; 1 if each rank computes only its own streams.
    public let teamRankCount: Int
    /// The number of cores that the ranks can use at a time.
    public let coreCount: Int
    /// The instruction set of the kernels.
    public let level: String
    /// Why the exchange does not use the requested transport, as a sentence; nil if it does.
    public let notice: String?

    /// Floating-point operations of the products with weights for one token, forward and backward.
    public let operationsPerToken: Double?

    /// Medians over all steps.
    public let parts: StepParts
    /// Samples of the FMA peak of all cores in use, in 10^9 operations per second, in the order of measurement.
    public let peaks: [Double]
    /// The speed in each block divided by the FMA peak.
    public let peakShares: [Double]?

    /// Bytes that all ranks read and write in a step to sum gradients, and bytes that they send to other nodes.
    public let addedBytes: Int
    public let sentBytes: Int
    /// Memory that the program allocated on all ranks: private buffers, and buffers that the ranks of a node share.
    public let allocatedPrivateBytes: Int
    public let allocatedSharedBytes: Int
    /// Memory that the system reports after the steps; nil if it reports none.
    public let systemMemory: SystemMemory?

    /// Tokens per second of all ranks, from the median step.
    public var tokensPerSecond: Double { Double(model.tokensPerStep) / (parts.whole / 1e3) }
    /// 10^9 floating-point operations per second of the matrix products, of all ranks together.
    public var gigaflops: Double? { operationsPerToken.map { tokensPerSecond * $0 / 1e9 } }
    /// The median of the peak samples, in 10^9 operations per second.
    public var peakGigaflops: Double { peaks.median }
    /// The bound on tokens per second: the matrix products of a step at the speed of the peak.
    public var floorTokensPerSecond: Double? { operationsPerToken.map { peakGigaflops * 1e9 / $0 } }

    /// The median of the blocks' shares of the peak.
    public var peakShare: Double? { peakShares?.median }

    /// Runs `steps` steps after three warm-up steps. Collective; the result is the same on all ranks.
    ///
    /// Throws a `RemoteFailure` if there are more ranks than streams or shards, or too little memory.
    public init(world: World, model: MeasuredModel, steps: Int) throws {
        let bench = try StepBench(world: world, model: model)
        let blocks = try StepBlocks(
            world: world, bench: bench, precision: model.configuration.precision, steps: steps)
        self.model = model
        self.steps = steps
        rankCount = world.rankCount
        hostCount = world.hosts.count
        shardCount = bench.parallel.shards.shardCount
        teamRankCount = bench.parallel.exchange.team?.ranks.count ?? 1
        coreCount = blocks.coreCount
        level = Processor.level
        notice = bench.parallel.exchange.notice
        parts = StepParts(medianOf: blocks.blocks.flatMap { $0 })
        peaks = blocks.peaks
        let operations = model.work?.trainingOperations
        operationsPerToken = operations
        peakShares = operations.map { blocks.shares(operationsPerStep: Double(model.tokensPerStep) * $0) }
        let counters = bench.parallel.exchange.counters
        addedBytes = try world.allgather(counters.addedByteCountPerStep).reduce(0, +)
        sentBytes = try world.allgather(counters.sentByteCountPerStep).reduce(0, +)
        let memory = try TrainingMemory(world: world, parallel: bench.parallel)
        (allocatedPrivateBytes, allocatedSharedBytes) = (memory.privateBytes, memory.sharedBytes)
        systemMemory = try SystemMemory.ofAllRanks(world)
    }
}

/// Blocks of steps, with samples of the peak between them.
private struct StepBlocks {
    /// The times of the steps of each block.
    private(set) var blocks: [[StepParts]] = []
    /// The samples: one more than there are blocks.
    private(set) var peaks: [Double] = []
    let coreCount: Int

    private static let blockCount = 10
    private static let warmUpSteps = 3

    init(world: World, bench: StepBench, precision: Precision, steps: Int) throws {
        let meter = try PeakMeter(world: world, precision: precision)
        coreCount = meter.coreCount
        for step in 0..<Self.warmUpSteps { _ = try bench.step(step) }
        _ = try meter.sample(barrier: bench.barrier)
        peaks.append(try meter.sample(barrier: bench.barrier))
        let count = min(Self.blockCount, steps)
        for block in 0..<count {
            let range = (block * steps / count)..<((block + 1) * steps / count)
            blocks.append(try Self.run(range, world: world, bench: bench))
            peaks.append(try meter.sample(barrier: bench.barrier))
        }
    }

    /// Runs steps as in training. The ranks exchange their times after the last step.
    private static func run(_ steps: Range<Int>, world: World, bench: StepBench) throws -> [StepParts] {
        let own = try steps.map { try bench.step(warmUpSteps + $0) }
        return try own.map { StepParts(ranks: try world.allgather($0)) }
    }

    /// The speed of each block divided by the mean of the adjacent peak samples.
    func shares(operationsPerStep: Double) -> [Double] {
        blocks.indices.map { block in
            let gigaflops = operationsPerStep / blocks[block].map(\.whole).median / 1e6
            return gigaflops / ((peaks[block] + peaks[block + 1]) / 2)
        }
    }
}
