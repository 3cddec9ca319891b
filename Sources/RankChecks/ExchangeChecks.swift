import Communication
import Exchange
import Glibc
import Tensors

/// Compares several steps of artificial gradients with a sum that one rank computes alone, bit for bit. Prints a digest of all results.
///
/// `--sparse ROWS` makes a sparse table of the first rows of 40 elements, and `--second-sparse FIRST` another one of 90 rows from element FIRST
/// on. With `--divided FIRST`, the ranks of a node compute gradients jointly, for the elements from FIRST to the second sparse table, or to three
/// lines before the end.
func checkExchange(_ world: World, _ arguments: CheckArguments) throws {
    let elementCount = arguments.number("elements", or: 5 * 4096 + 1616)
    let shardCount = arguments.number("shards", or: 8)
    let end = min(elementCount - 48, arguments.number("second-sparse", or: elementCount))
    let shape = ExchangeShape(
        elementCount: elementCount, shardCount: shardCount, scalarsPerShard: 2, sparseTables: sparseTables(arguments),
        sharedRowCounts: [Int](repeating: 16, count: shardCount),
        dividedElements: max(0, min(arguments.number("divided", or: end), end))..<max(0, end))
    World.setPieceByteCount(arguments.number("piece", or: 1 << 30))
    let exchange = try GradientExchange(
        world: world, shape: shape, transport: ExchangeTransport(rawValue: arguments["transport"] ?? "window") ?? .window,
        nodeSize: arguments["node-size"].flatMap { Int($0) })
    if let notice = exchange.notice { report(world, notice) }
    var run = ExchangeRun(exchange: exchange, world: world)
    try run.start()
    for step in 0..<arguments.number("steps", or: 4) { try run.step(step) }
    try run.checkMoments()
    report(world, "digest \(String(run.digest.value, radix: 16)) nodes \(exchange.topology.nodes.map(\.count))")
}

private func sparseTables(_ arguments: CheckArguments) -> [SparseTable] {
    let first = 0..<(arguments.number("sparse", or: 0) * 40)
    let start = arguments.number("second-sparse", or: 0)
    let second = start..<(start > 0 ? start + 90 * 24 : start)
    return [SparseTable(first, rowWidth: 40), SparseTable(second, rowWidth: 24)].filter { !$0.elements.isEmpty }
}

/// A run of the exchange, and the same run computed by one rank alone.
private struct ExchangeRun {
    let exchange: GradientExchange
    let world: World
    var alone: [Float]  // parameters, updated by the sums of one rank alone
    var momentsAlone: [Float]
    var moments: [Float]  // of the owned elements
    var digest = Digest()
    private var writtenRows: [[Int32]]  // rows of each sparse table in this rank's partials

    private static let skippedStep = 2

    init(exchange: GradientExchange, world: World) {
        self.exchange = exchange
        self.world = world
        alone = (0..<exchange.shape.elementCount).map { Float($0 % 1000) * 0.001 }
        momentsAlone = [Float](repeating: 0, count: exchange.shape.elementCount)
        moments = [Float](repeating: 0, count: exchange.ownedRange.count)
        writtenRows = exchange.shape.sparseTables.map { _ in [] }
    }

    /// The parameters come from rank 0.
    func start() throws {
        if world.isRoot { exchange.parameters.update(from: alone, count: alone.count) }
        try exchange.broadcastParameters()
        try expectEqual(firstDifference(exchange.parameters, alone), nil, "first parameter that differs after the broadcast")
    }

    /// Writes partial gradients, reduces, compares, updates, publishes and compares; in between, exchanges the scalars of a validation.
    mutating func step(_ step: Int) throws {
        let rows = exchange.shape.sparseTables.map { ownRows(of: $0, step) }
        let touched = zip(exchange.shape.sparseTables, zip(writtenRows, rows)).flatMap { table, rows in
            (rows.0 + rows.1).flatMap { elements(ofRow: Int($0), of: table) }
        }
        let dense = alone.indices.filter { table(of: $0) == nil }
        let divided = exchange.sharedRows == nil ? 0..<0 : exchange.shape.dividedElements
        for (shards, partial) in zip(exchange.partialShards, exchange.partials) {
            for i in touched + dense where !divided.contains(i) {
                partial[i] = treeSum(shards) { gradient($0, step, i) }
            }
        }
        writeJoint(divided, step)
        writtenRows = rows
        for (table, rows) in rows.enumerated() { rows.withUnsafeBufferPointer { exchange.setRows($0, ofTable: table) } }
        for shard in exchange.shards {
            for index in 0..<2 { exchange.setScalar(shard: shard, index: index, to: scalar(shard, index, step)) }
        }
        let reduction = try exchange.reduce(flags: step == 1 && world.rank == world.rankCount - 1 ? 2 : 0)
        let whole = alone.indices.map { i in treeSum(allShards) { gradient($0, step, i) } }
        try check(reduction, step: step, gradient: whole)
        if step != Self.skippedStep { update(with: whole) }
        try exchange.publishParameters()
        try expectEqual(firstDifference(exchange.parameters, alone), nil, "first parameter that differs in step \(step)")
        try checkScalars(step: step)
        digest.add(reduction.squaredNorm.bitPattern)
        for value in alone { digest.add(UInt64(value.bitPattern)) }
    }

    /// Writes this rank's part of the joint gradients. The content of the other slots there must not matter.
    private func writeJoint(_ divided: Range<Int>, _ step: Int) {
        let (node, shape) = (exchange.topology.nodes[exchange.topology.nodeIndex], exchange.shape)
        let cover = ShardTree(shardCount: shape.shardCount).cover(of: shape.shards(ofRanks: node, of: world.rankCount))
        for partial in exchange.partials where !exchange.nodePartials.contains(partial) {
            for i in divided { partial[i] = .nan }
        }
        for (shards, partial) in zip(cover, exchange.nodePartials) {
            for i in divided where i % node.count == exchange.topology.localRank {
                partial[i] = treeSum(shards) { gradient($0, step, i) }
            }
        }
    }

    /// The rows of a sparse table for which this rank's shards have gradients. Some rows occur twice.
    private func ownRows(of table: SparseTable, _ step: Int) -> [Int32] {
        exchange.shards.flatMap { shard in
            (0..<(table.elements.count / table.rowWidth)).filter { occurs($0, shard, step) }.map { Int32($0) }
        }
    }

    private func elements(ofRow row: Int, of table: SparseTable) -> Range<Int> {
        let first = table.elements.lowerBound + row * table.rowWidth
        return first..<(first + table.rowWidth)
    }

    private func table(of element: Int) -> SparseTable? {
        exchange.shape.sparseTables.first { $0.elements.contains(element) }
    }

    private func gradient(_ shard: Int, _ step: Int, _ element: Int) -> Float {
        let absent = table(of: element).map { !occurs((element - $0.elements.lowerBound) / $0.rowWidth, shard, step) } ?? false
        return absent ? 0 : denseGradient(shard: shard, step: step, element: element)
    }

    private var allShards: Range<Int> { 0..<exchange.shape.shardCount }

    private func check(_ reduction: Reduction, step: Int, gradient: [Float]) throws {
        for (i, element) in exchange.ownedRange.enumerated() {
            let value = exchange.reducedGradient[i]
            try expectEqual(value.bitPattern, gradient[element].bitPattern, "element \(element) in step \(step)")
        }
        var live = 0
        exchange.forEachLiveRun(in: exchange.ownedRange) { run in
            live += run.count
        }
        let nonzero = exchange.ownedRange.count { gradient[$0] != 0 }
        if live < nonzero { throw CheckFailure(description: "\(live) live elements, but \(nonzero) are not zero") }
        if !exchange.shape.sparseTables.isEmpty, world.rankCount == 1, live == exchange.ownedRange.count {
            throw CheckFailure(description: "everything is live, though most rows of the table have no gradient")
        }
        let squares = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }
        if abs(reduction.squaredNorm / squares - 1) > 1e-12 {
            throw CheckFailure(description: "squared norm \(reduction.squaredNorm) instead of \(squares)")
        }
        try expectEqual(reduction.flags, step == 1 ? 2 : 0, "flags in step \(step)")
        for shard in allShards {
            try expectEqual(exchange.scalar(shard: shard, index: 1), scalar(shard, 1, step), "scalar of shard \(shard)")
        }
        try expectEqual(exchange.foldShards(index: 0), treeSum(allShards) { scalar($0, 0, step) }, "folded scalars")
    }

    private mutating func update(with gradient: [Float]) {
        for (i, element) in exchange.ownedRange.enumerated() {
            exchange.parameters[element] -= 0.125 * exchange.reducedGradient[i]
            moments[i] += exchange.reducedGradient[i]
        }
        for element in alone.indices {
            alone[element] -= 0.125 * gradient[element]
            momentsAlone[element] += gradient[element]
        }
    }

    private func checkScalars(step: Int) throws {
        for round in 1...3 {
            for shard in exchange.shards { exchange.setScalar(shard: shard, index: 0, to: scalar(shard, round, step)) }
            try expectEqual(try exchange.exchangeScalars(flags: Int32(1 << (world.rank % 8))) & 1, 1, "flags")
            for shard in allShards {
                try expectEqual(exchange.scalar(shard: shard, index: 0), scalar(shard, round, step), "scalar alone")
            }
        }
    }

    /// The moments gathered on rank 0 must equal those of one rank alone, and must be unchanged after scattering.
    mutating func checkMoments() throws {
        var whole = [Float](repeating: 0, count: world.isRoot ? alone.count : 0)
        try whole.withUnsafeMutableBufferPointer {
            try exchange.gatherOwned(from: moments, intoRoot: world.isRoot ? $0.baseAddress : nil)
        }
        if world.isRoot { try expectEqual(firstDifference(whole, momentsAlone), nil, "first moment that differs") }
        let before = moments
        moments = moments.map { _ in -1 }
        try whole.withUnsafeBufferPointer { whole in
            try moments.withUnsafeMutableBufferPointer {
                // An empty part has no address.
                let place = $0.baseAddress ?? UnsafeMutablePointer(mutating: exchange.reducedGradient)
                try exchange.scatterOwned(fromRoot: world.isRoot ? whole.baseAddress : nil, into: place)
            }
        }
        try expectEqual(moments, before, "moments sent back")
    }

    private func firstDifference(_ values: UnsafePointer<Float>, _ expected: [Float]) -> Int? {
        expected.indices.first { values[$0].bitPattern != expected[$0].bitPattern }
    }
}

/// A gradient whose sum is different in every order: its magnitudes cover six decades.
private func denseGradient(shard: Int, step: Int, element: Int) -> Float {
    let bits = scrambled(shard, step, element)
    let mantissa = Float(Int32(truncatingIfNeeded: bits >> 32)) * 0x1p-31
    return mantissa * Float(sign: .plus, exponent: -Int(bits & 15), significand: 1)
}

/// Whether a row of the sparse table has a gradient; one row of sixteen does.
private func occurs(_ row: Int, _ shard: Int, _ step: Int) -> Bool { scrambled(row, shard, step + 1000) & 15 == 0 }

private func scalar(_ shard: Int, _ index: Int, _ step: Int) -> Double {
    Double(scrambled(shard, index, step) >> 11) * 0x1p-53
}

/// The sum in the order of the shard tree, from its definition.
private func treeSum<T: FloatingPoint>(_ shards: Range<Int>, _ leaf: (Int) -> T) -> T {
    if shards.count == 1 { return leaf(shards.lowerBound) }
    let middle = shards.lowerBound + shards.count / 2
    return treeSum(shards.lowerBound..<middle, leaf) + treeSum(middle..<shards.upperBound, leaf)
}

/// FNV-1a over 64-bit words.
private struct Digest {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ word: UInt64) { value = (value ^ word) &* 0x100_0000_01b3 }
}

/// A signal to one rank must reach all ranks through the flags of the next exchange.
func checkSignals(_ world: World, _ arguments: CheckArguments) throws {
    try expectEqual(StopSignals.install(), true, "handlers installed")
    let exchange = try GradientExchange(world: world, shape: ExchangeShape(elementCount: 16, shardCount: max(8, world.rankCount)))
    try expectEqual(try exchange.exchangeScalars(flags: StopSignals.received.rawValue), 0, "signals at first")
    if world.rank == world.rankCount - 1 { kill(getpid(), SIGUSR1) }
    let first = try exchange.exchangeScalars(flags: StopSignals.received.rawValue)
    try expectEqual(StopSignals(rawValue: first), .checkpoint, "signals after SIGUSR1")
    if world.rank == 0 { kill(getpid(), SIGTERM) }
    let second = try exchange.exchangeScalars(flags: StopSignals.received.rawValue)
    try expectEqual(StopSignals(rawValue: second), [.checkpoint, .termination], "signals after SIGTERM")
    report(world, "signals reach all \(world.rankCount) ranks")
}

/// Compares the time of the exchange with that of `MPI_Allreduce`.
func checkExchangeSpeed(_ world: World, _ arguments: CheckArguments) throws {
    let megabytes = arguments.number("megabytes", or: 80)
    let result = try ExchangeMeasurement(
        world: world, elementCount: megabytes * 1_000_000 / 64 * 16, rounds: arguments.number("rounds", or: 11),
        transport: ExchangeTransport(rawValue: arguments["transport"] ?? "window") ?? .window,
        nodeSize: arguments["node-size"].flatMap { Int($0) })
    func short(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
    report(
        world,
        """
        \(megabytes) MB, \(result.rankCount) ranks, \(result.nodeCount) nodes: reduce \(short(result.reduceMilliseconds)) ms, \
        MPI_Allreduce \(short(result.allreduceMilliseconds)) ms, ratio \(short(result.speedup)); \
        memory allows \(short(result.memoryBoundMilliseconds)) ms at \(short(result.memoryBytesPerSecond / 1e9)) GB/s
        """)
}
