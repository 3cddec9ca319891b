public import Communication

/// How long the exchange of one gradient takes, beside `MPI_Allreduce` and what memory allows. Times in milliseconds.
///
/// A round's time is that of the slowest rank; of all rounds the median is given. Before each round every rank writes its
/// gradients anew, as a backward pass does, so that they do not lie unmodified in the caches of the others.
public struct ExchangeMeasurement: Sendable {
    /// P: elements of the gradient.
    public let elementCount: Int
    public let rankCount: Int
    public let nodeCount: Int
    /// `GradientExchange.reduce`: barrier, sum in tree order, norm, barrier.
    public let reduceMilliseconds: Double
    /// `MPI_Allreduce` of the same number of floats, without a norm.
    public let allreduceMilliseconds: Double
    /// Bytes a second that all ranks of this host move when each copies memory of its own (a read and a write for each byte).
    public let memoryBytesPerSecond: Double

    /// How many times faster than `MPI_Allreduce`.
    public var speedup: Double { allreduceMilliseconds / reduceMilliseconds }

    /// The time to read N partial gradients and to write one sum, (N + 1) P floats, at the speed of memory. For one node.
    public var memoryBoundMilliseconds: Double {
        Double((rankCount + 1) * elementCount * 4) / memoryBytesPerSecond * 1e3
    }

    /// Measures with every rank of the world. Collective; the same result on all ranks.
    public init(
        world: World, elementCount: Int, rounds: Int = 11, transport: ExchangeTransport = .window, nodeSize: Int? = nil
    ) throws {
        let shape = ExchangeShape(elementCount: elementCount, shardCount: max(8, world.rankCount))
        let exchange = try GradientExchange(world: world, shape: shape, transport: transport, nodeSize: nodeSize)
        self.elementCount = elementCount
        rankCount = world.rankCount
        nodeCount = exchange.topology.nodes.count
        let buffers = Buffers(count: elementCount)
        // One after another in each round, so that whatever else the machine does falls on all three alike.
        var times: [[Double]] = [[], [], []]
        for round in 0...rounds {
            for partial in exchange.partials { Self.dirty(partial, count: elementCount, round: round) }
            times[0].append(try Self.slowest(world) { _ = try exchange.reduce() })
            try exchange.publishParameters()
            Self.dirty(buffers.from, count: elementCount, round: round)
            times[1].append(
                try Self.slowest(world) { try world.benchmarkAllreduce(buffers.from, into: buffers.to, count: elementCount) })
            Self.dirty(buffers.from, count: elementCount, round: round)
            times[2].append(try Self.slowest(world) { buffers.to.update(from: buffers.from, count: elementCount) })
        }
        // The first round is a rehearsal.
        let medians = times.map { $0.dropFirst().sorted()[rounds / 2] }
        reduceMilliseconds = medians[0]
        allreduceMilliseconds = medians[1]
        let ranksHere = world.hosts.first { $0.contains(world.rank) }!.count
        memoryBytesPerSecond = try world.broadcast(Double(2 * ranksHere * elementCount * 4) / (medians[2] / 1e3))
    }

    /// Milliseconds of the slowest rank.
    private static func slowest(_ world: World, _ work: () throws -> Void) throws -> Double {
        try world.barrier()
        let start = MonotonicClock.nanoseconds
        try work()
        return Double(try world.max(Int(MonotonicClock.nanoseconds - start))) / 1e6
    }

    private static func dirty(_ floats: UnsafeMutablePointer<Float>, count: Int, round: Int) {
        floats.update(repeating: Float(round + 1) * 0.001, count: count)
    }
}

/// Two arrays of one rank, freed at the end.
private final class Buffers {
    let from: UnsafeMutablePointer<Float>
    let to: UnsafeMutablePointer<Float>

    init(count: Int) {
        from = .allocate(capacity: count)
        to = .allocate(capacity: count)
        from.initialize(repeating: 0, count: count)
        to.initialize(repeating: 0, count: count)
    }

    deinit {
        from.deallocate()
        to.deallocate()
    }
}
