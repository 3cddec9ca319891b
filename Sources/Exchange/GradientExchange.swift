public import Communication
internal import Tensors

/// What a reduction found out, the same on every rank.
public struct Reduction: Sendable, Equatable {
    /// Sum of the squares of all elements of the gradient, in double. Not finite where the gradient is not.
    public let squaredNorm: Double
    /// The bits that any rank set.
    public let flags: Int32
}

/// The exchange of gradients: the sum over all shards in the one order of the `ShardTree`, and the parameters it updates.
///
/// The ranks of a node keep parameters and gradients in one window. A step is: write the partial gradients; `reduce`; update
/// `parameters` over `ownedRange` from `reducedGradient`; `publishParameters`. With one node that is three barriers and one
/// pass over memory, which reads each partial once and writes the sum over the first: (n + 1) P floats move, which is the least there is.
/// Between nodes each partial sum goes straight to the owner of its elements, and updated parameters go straight to their place.
///
/// The result has the same bits at every rank count, node size and transport. All methods not marked as local are collective.
/// A step allocates nothing.
public final class GradientExchange {
    /// What is exchanged.
    public let shape: ExchangeShape
    /// The nodes in use: of one rank each where the transport is messages.
    public let topology: NodeTopology
    /// Why the transport asked for was not taken, as a sentence for the user; nil if it was. The same on all ranks.
    public let notice: String?

    /// The node's parameters: `[P]`. Read by all its ranks; between `reduce` and `publishParameters` a rank writes its `ownedRange`.
    public let parameters: UnsafeMutablePointer<Float>
    /// What the node's ranks make of the parameters: `shape.derivedCount` floats, zero at first. A rank writes only what comes of its
    /// `ownedRange`, and of the elements that `publishParameters` and `broadcastParameters` name to it.
    public let derived: UnsafeMutablePointer<Float>
    /// The shards of this rank.
    public let shards: Range<Int>
    /// The canonical subtrees of this rank's shards, for each of which it gives one partial gradient.
    public let partialShards: [Range<Int>]
    /// The partial gradients of this rank, one for each of `partialShards`: `[P]` each. `reduce` overwrites them.
    public let partials: [UnsafeMutablePointer<Float>]
    /// Where the ranks of the node put the gradients of `shape.dividedElements`, summed over the shards of all of them: one buffer for each of the
    /// largest subtrees of the node's shards, `[P]` each. `partials` for a rank alone.
    public let nodePartials: [UnsafeMutablePointer<Float>]
    /// What the node's ranks share of their windows, zero at first; nil for a rank alone, or where nothing is divided.
    public let sharedRows: UnsafeMutableBufferPointer<Float>?
    /// The elements this rank updates: whole blocks of 4096 but for the last; may be empty.
    public let ownedRange: Range<Int>
    /// The whole gradient over `ownedRange` (its first element is that of `ownedRange.lowerBound`), from `reduce` to `publishParameters`.
    public let reducedGradient: UnsafePointer<Float>
    /// The ranks with which this one works on a step together; nil where it works alone.
    public let team: NodeTeam?
    /// What the exchange moves and waits.
    public internal(set) var counters: ExchangeCounters

    let world: World
    let plan: ExchangePlan
    let memory: NodeMemory
    let leaders: NodeGroup
    var board: BulletinBoard
    var barrier: SleepingBarrier
    private var sums: PartialSums
    /// What this rank has promised of its partial gradients; empty where nothing.
    var promised: [UInt32] = []
    /// Called in a verified reduction when the second sums are made and the first are not: for tests.
    package var disturb: (() -> Void)?
    private let sparse: SparseRows
    private let parameterTransfers: TransferPlan
    private let receivedElements: [Range<Int>]

    /// Lays out and shares the memory. Collective; all ranks give the same arguments.
    ///
    /// Throws `CommunicationError`, or a `RemoteFailure` on all ranks where there is too little memory even without a window.
    public init(
        world: World, shape: ExchangeShape, transport: ExchangeTransport = .window, nodeSize: Int? = nil
    ) throws {
        precondition(world.rankCount <= shape.shardCount, "\(world.rankCount) ranks for \(shape.shardCount) shards")
        let (memory, notice) = try NodeMemory.acquire(world: world, shape: shape, transport: transport, nodeSize: nodeSize)
        let plan = memory.plan
        let base = memory.window.base
        func floats(_ offset: Int) -> UnsafeMutablePointer<Float> { (base + offset).assumingMemoryBound(to: Float.self) }
        self.world = world
        self.shape = shape
        self.notice = notice
        self.plan = plan
        self.memory = memory
        topology = plan.topology
        parameters = floats(plan.layout.parameters)
        derived = floats(plan.layout.derived)
        shards = shape.shards(of: world.rank, of: world.rankCount)
        let slots = plan.layout.slotsOfLocalRank[plan.topology.localRank]
        partialShards = slots.map { plan.layout.slotShards[$0] }
        partials = slots.map { floats(plan.layout.slots[$0]) }
        nodePartials = plan.layout.dividedElements.isEmpty ? partials : plan.outputSlots.map { floats(plan.layout.slots[$0]) }
        sharedRows =
            plan.layout.sharedRows.map { UnsafeMutableBufferPointer(start: floats($0), count: plan.layout.sharedRowCount) }
        ownedRange = plan.ownedElements
        reducedGradient = UnsafePointer(floats(plan.layout.slots[0]) + plan.ownedElements.lowerBound)
        board = BulletinBoard(plan: plan, base: base)
        barrier = try SleepingBarrier(in: memory.group, state: base)
        sums = PartialSums(plan: plan, base: base)
        sparse = SparseRows(plan: plan, base: base)
        parameterTransfers = plan.parameterTransfers()
        receivedElements = plan.receivedElements
        team = try NodeTeam.form(world: world, memory: memory)
        leaders = try NodeGroup(of: world, colour: plan.topology.localRank == 0 ? 0 : 1)
        counters = ExchangeCounters(
            plan: plan, betweenNodes: sums.sentByteCount + board.sentByteCount + parameterTransfers.sentByteCount)
    }

    deinit { sparse.deallocate() }

    /// Tells the rows of the sparse table, of `width` elements each, for which this rank has gradients at this step; the other rows of
    /// its `partials` must be zero, as they are at first. Local; needed before each `reduce` where `shape.sparseCount` is not 0.
    public func setRows(_ rows: UnsafeBufferPointer<Int32>, width: Int) { sparse.mark(rows, width: width) }

    /// The runs of some of `ownedRange` in which the reduced gradient may be other than zero. Local, from `reduce` to `publishParameters`.
    public func forEachLiveRun(in elements: Range<Int>, _ body: (Range<Int>) -> Void) {
        if let live = sparse.live {
            live.forEachRun(in: elements, body)
        } else if !elements.isEmpty {
            body(elements)
        }
    }

    /// Waits until every rank of the node has called it: what each wrote of its window is seen by all. Collective over the node.
    public func meet() {
        barrier.wait()
        counters.note(waitedNanoseconds: barrier.waitedNanoseconds)
    }

    /// Sets one of the doubles that a shard of this rank adds to the next `reduce` or `exchangeScalars`. Local.
    public func setScalar(shard: Int, index: Int, to value: Double) {
        precondition(shards.contains(shard), "shard \(shard) is not among \(shards)")
        board.setScalar(shard: shard, index: index, to: value)
    }

    /// Adds up the partial gradients of all ranks, in tree order, and shares norm, scalars and flags.
    ///
    /// After it `reducedGradient` holds this rank's part of the sum, and `scalar` those of all shards. `flags` are or-ed over the ranks.
    public func reduce(flags: Int32 = 0) throws(CommunicationError) -> Reduction {
        let start = MonotonicClock.nanoseconds
        board.setFlags(flags)
        barrier.wait()
        let reduction = try sum(audit: nil)
        counters.note(reduceNanoseconds: MonotonicClock.nanoseconds - start, waitedNanoseconds: barrier.waitedNanoseconds)
        return reduction
    }

    /// The sum of the partial gradients, which are all complete.
    func sum(audit: GradientAudit?) throws(CommunicationError) -> Reduction {
        try sums.add(in: world, live: sparse.live, blockSums: board.ownBlockSums, barrier: &barrier, audit: audit)
        try board.share(in: world, withBlockSums: true)
        barrier.wait()
        return Reduction(squaredNorm: board.foldBlockSums(), flags: board.collect())
    }

    /// Shares scalars and flags alone, as for a validation; returns the or of all ranks' flags.
    public func exchangeScalars(flags: Int32 = 0) throws(CommunicationError) -> Int32 {
        board.setFlags(flags)
        try board.share(in: world, withBlockSums: false)
        barrier.wait()
        counters.note(waitedNanoseconds: barrier.waitedNanoseconds)
        return board.collect()
    }

    /// Makes this rank's `ownedRange` of `parameters` known to all, for which it has renewed `derived`. Also after a step that updated nothing.
    ///
    /// `received` is called with each range of elements that another node has updated and for which this rank is to renew `derived`.
    public func publishParameters(received: (Range<Int>) -> Void = { _ in }) throws(CommunicationError) {
        sparse.clearSums()
        try parameterTransfers.run(in: world, sending: parameters, receiving: parameters)
        for elements in receivedElements { received(elements) }
        barrier.wait()
        counters.note(waitedNanoseconds: barrier.waitedNanoseconds)
    }

    /// A double of any shard, as of the last `reduce` or `exchangeScalars`. Local.
    public func scalar(shard: Int, index: Int) -> Double { board.scalar(shard: shard, index: index) }

    /// The sum over all shards of scalar `index`, in tree order, as of the last `reduce` or `exchangeScalars`. Local.
    public func foldShards(index: Int) -> Double { board.foldShards(index: index) }
}
