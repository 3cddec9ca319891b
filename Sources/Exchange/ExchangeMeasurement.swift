public import Communication

/// The time of one gradient exchange, compared with `MPI_Allreduce` and with the speed of memory. Times are in milliseconds.
///
/// The time of a round is that of its slowest rank; the result is the median of all rounds. Before each round every rank writes its
/// gradients, as a backward pass does. Otherwise the other ranks would find them unchanged in their caches.
public struct ExchangeMeasurement: Sendable {
    /// P, the number of elements of the gradient.
    public let elementCount: Int
    public let rankCount: Int
    public let nodeCount: Int
    /// `GradientExchange.reduce`: barrier, sum in tree order, norm, barrier.
    public let reduceMilliseconds: Double
    /// `MPI_Allreduce` of the same number of floats, without a norm.
    public let allreduceMilliseconds: Double
    /// Bytes per second that all ranks of this host together move while each copies private memory. A copied byte counts twice: one read and
    /// one write.
    public let memoryBytesPerSecond: Double

    /// The time of `MPI_Allreduce` divided by the time of `reduce`.
    public var speedup: Double { allreduceMilliseconds / reduceMilliseconds }

    /// The time to read N partial gradients and write one sum, (N + 1) P floats, at the speed of memory. Valid for one node.
    public var memoryBoundMilliseconds: Double {
        Double((rankCount + 1) * elementCount * 4) / memoryBytesPerSecond * 1e3
    }

    /// Measures with all ranks of the world. Collective; the result is the same on all ranks.
    public init(
        world: World, elementCount: Int, rounds: Int = 11, transport: ExchangeTransport = .window, nodeSize: Int? = nil
    ) throws {
        let shape = ExchangeShape(elementCount: elementCount, shardCount: max(8, world.rankCount))
        let exchange = try GradientExchange(world: world, shape: shape, transport: transport, nodeSize: nodeSize)
        self.elementCount = elementCount
        rankCount = world.rankCount
        nodeCount = exchange.topology.nodes.count
        let buffers = Buffers(count: elementCount)
        // Each round measures all three, so that other load on the machine affects all three equally.
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
        // The first round is a warm-up.
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

/// Two private arrays of a rank. `deinit` frees them.
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
