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
        reduceMilliseconds = try Self.timeReduce(exchange, world: world, rounds: rounds)
        allreduceMilliseconds = try Self.timeAllreduce(world: world, elementCount: elementCount, rounds: rounds)
        memoryBytesPerSecond = try Self.memorySpeed(world: world, elementCount: elementCount, rounds: rounds)
    }

    private static func timeReduce(_ exchange: GradientExchange, world: World, rounds: Int) throws -> Double {
        try median(world: world, rounds: rounds) { round in
            for partial in exchange.partials { dirty(partial, count: exchange.shape.elementCount, round: round) }
        } work: {
            _ = try exchange.reduce()
        } after: {
            try exchange.publishParameters()
        }
    }

    private static func timeAllreduce(world: World, elementCount: Int, rounds: Int) throws -> Double {
        let gradient = UnsafeMutablePointer<Float>.allocate(capacity: elementCount)
        let sum = UnsafeMutablePointer<Float>.allocate(capacity: elementCount)
        defer {
            gradient.deallocate()
            sum.deallocate()
        }
        dirty(sum, count: elementCount, round: 0)
        return try median(world: world, rounds: rounds) { round in
            dirty(gradient, count: elementCount, round: round)
        } work: {
            try world.benchmarkAllreduce(gradient, into: sum, count: elementCount)
        }
    }

    private static func memorySpeed(world: World, elementCount: Int, rounds: Int) throws -> Double {
        let from = UnsafeMutablePointer<Float>.allocate(capacity: elementCount)
        let to = UnsafeMutablePointer<Float>.allocate(capacity: elementCount)
        defer {
            from.deallocate()
            to.deallocate()
        }
        dirty(to, count: elementCount, round: 0)
        let milliseconds = try median(world: world, rounds: rounds) { round in
            dirty(from, count: elementCount, round: round)
        } work: {
            to.update(from: from, count: elementCount)
        }
        let onThisHost = world.hosts.first { $0.contains(world.rank) }!.count
        return try world.broadcast(Double(2 * onThisHost * elementCount * 4) / (milliseconds / 1e3))
    }

    /// The median over rounds of the slowest rank's time in `work`; one more round comes first, unmeasured.
    private static func median(
        world: World, rounds: Int, before: (Int) -> Void, work: () throws -> Void, after: () throws -> Void = {}
    ) throws -> Double {
        var nanoseconds: [Int] = []
        for round in 0...rounds {
            before(round)
            try world.barrier()
            let start = MonotonicClock.nanoseconds
            try work()
            nanoseconds.append(try world.max(Int(MonotonicClock.nanoseconds - start)))
            try after()
        }
        return Double(nanoseconds.dropFirst().sorted()[rounds / 2]) / 1e6
    }

    private static func dirty(_ floats: UnsafeMutablePointer<Float>, count: Int, round: Int) {
        floats.update(repeating: Float(round + 1) * 0.001, count: count)
    }
}
