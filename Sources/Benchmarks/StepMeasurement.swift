public import Communication
import Training

/// How fast training steps are, and where their time goes. Times are medians over steps, in milliseconds of the slowest rank.
public struct StepMeasurement: Sendable {
    public let rankCount: Int
    public let parameterCount: Int
    /// Tokens of all ranks per second, from the median of whole steps.
    public let tokensPerSecond: Double
    /// Floating-point operations of the products for a token: three times those of a forward pass.
    public let operationsPerToken: Double
    public let stepMilliseconds: Double
    /// Forward and backward of this rank's streams.
    public let computeMilliseconds: Double
    /// Barriers, ordered sum and norm, without the waiting.
    public let reduceMilliseconds: Double
    /// Update of the owned parameters, and their publication, without the waiting.
    public let updateMilliseconds: Double
    /// In barriers, for other ranks.
    public let waitMilliseconds: Double
    /// Bytes a rank reads and writes to add gradients, and bytes it sends to other nodes, at a step.
    public let addedBytes: Int
    public let sentBytes: Int
    /// Bytes of all ranks together: their own, and those that the ranks of a node share.
    public let privateBytes: Int
    public let sharedBytes: Int

    /// 10^9 floating-point operations a second, all ranks together.
    public var gigaflops: Double { tokensPerSecond * operationsPerToken / 1e9 }

    /// Runs `steps` steps after three to warm up. Collective; the same result on all ranks.
    public init(
        world: World, model: MeasuredModel, steps: Int, messages: Bool = false, nodeSize: Int? = nil
    ) throws {
        let bench = try StepBench(world: world, model: model, messages: messages, nodeSize: nodeSize)
        var parts: [[Double]] = [[], [], [], [], []]
        for step in 0..<(steps + 3) {
            let slowest = try bench.step(step).map { try Double(world.max(Int($0))) / 1e6 }
            if step >= 3 { for part in parts.indices { parts[part].append(slowest[part]) } }
        }
        let medians = parts.map { $0.sorted()[$0.count / 2] }
        (stepMilliseconds, computeMilliseconds, reduceMilliseconds, updateMilliseconds, waitMilliseconds) =
            (medians[0], medians[1], medians[2], medians[3], medians[4])
        rankCount = world.rankCount
        parameterCount = model.shape.parameterLayout.parameterCount
        operationsPerToken = 3 * model.shape.forwardOperationsPerToken
        tokensPerSecond = Double(model.batchSize * model.windowLength) / (stepMilliseconds / 1e3)
        let exchange = bench.parallel.exchange
        addedBytes = exchange.counters.addedByteCountPerStep
        sentBytes = exchange.counters.sentByteCountPerStep
        let memory = try TrainingMemory(world: world, parallel: bench.parallel)
        (privateBytes, sharedBytes) = (memory.privateBytes, memory.sharedBytes)
    }
}
