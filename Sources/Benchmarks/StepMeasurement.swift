public import Communication
import Exchange
import Tensors
import Training

/// How fast training steps are beside what the cores can do, where their time goes, and what memory they take.
///
/// The steps come in blocks of some steps, with a sample of the FMA peak before the first, between them, and after the last: the
/// share of the peak is the median over the blocks of their speed by the mean of the two samples around them.
public struct StepMeasurement: Sendable {
    public let model: MeasuredModel
    public let steps: Int
    public let rankCount: Int
    public let hostCount: Int
    public let shardCount: Int
    /// Ranks that work on the recurrences' steps together; 1 where each works on its own streams.
    public let teamRankCount: Int
    /// Cores that the ranks can be on at a time.
    public let coreCount: Int
    /// The instruction set of the kernels.
    public let level: String
    /// Why the exchange asked for was not taken, as a sentence; nil if it was.
    public let notice: String?

    /// Medians over all steps.
    public let parts: StepParts
    /// Samples of the FMA peak of all cores in use, 10^9 operations a second, in the order in which they were taken.
    public let peaks: [Double]
    /// The speed's share of the FMA peak in each block, and so the share of the floor's speed.
    public let peakShares: [Double]

    /// Bytes that all ranks read and write to add gradients, and bytes that they send to other nodes, at a step.
    public let addedBytes: Int
    public let sentBytes: Int
    /// What the program allocated, of all ranks together: buffers of their own, and those that the ranks of a node share.
    public let allocatedPrivateBytes: Int
    public let allocatedSharedBytes: Int
    /// What the system counts after the steps; nil where it does not say.
    public let systemMemory: SystemMemory?

    /// Tokens of all ranks per second, from the median step.
    public var tokensPerSecond: Double { Double(model.tokensPerStep) / (parts.whole / 1e3) }
    /// 10^9 floating-point operations of the products a second, all ranks together.
    public var gigaflops: Double { tokensPerSecond * model.operationsPerToken / 1e9 }
    /// The median of the samples, 10^9 operations a second.
    public var peakGigaflops: Double { peaks.median }
    /// The most tokens per second that the peak allows: a step cannot take less time than its products do at the peak.
    public var floorTokensPerSecond: Double { peakGigaflops * 1e9 / model.operationsPerToken }

    /// The median of the blocks' shares of the peak.
    public var peakShare: Double { peakShares.median }

    /// Runs `steps` steps after three to warm up. Collective; the same result on all ranks.
    ///
    /// Throws a `RemoteFailure` where there are more ranks than streams or shards, or too little memory.
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
        let operationsPerStep = Double(model.tokensPerStep) * model.operationsPerToken
        peakShares = blocks.shares(operationsPerStep: operationsPerStep)
        let counters = bench.parallel.exchange.counters
        addedBytes = try world.allgather(counters.addedByteCountPerStep).reduce(0, +)
        sentBytes = try world.allgather(counters.sentByteCountPerStep).reduce(0, +)
        let memory = try TrainingMemory(world: world, parallel: bench.parallel)
        (allocatedPrivateBytes, allocatedSharedBytes) = (memory.privateBytes, memory.sharedBytes)
        systemMemory = try SystemMemory.ofAllRanks(world)
    }
}

/// Blocks of steps with samples of the peak around them.
private struct StepBlocks {
    /// The steps of each block.
    private(set) var blocks: [[StepParts]] = []
    /// One more than there are blocks.
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

    /// Steps one after another as in training; the ranks tell each other their times when all are done.
    private static func run(_ steps: Range<Int>, world: World, bench: StepBench) throws -> [StepParts] {
        let own = try steps.map { try bench.step(warmUpSteps + $0) }
        return try own.map { StepParts(ranks: try world.allgather($0)) }
    }

    /// Each block's speed by the peak around it.
    func shares(operationsPerStep: Double) -> [Double] {
        blocks.indices.map { block in
            let gigaflops = operationsPerStep / blocks[block].map(\.whole).median / 1e6
            return gigaflops / ((peaks[block] + peaks[block + 1]) / 2)
        }
    }
}
