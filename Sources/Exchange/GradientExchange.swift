public import Communication
internal import Tensors

/// The gradient exchange: a reduce-scatter of gradients and an all-gather of updated parameters.
///
/// The order of the sum is that of the `ShardTree`, so the result has the same bits at every rank count, node size and transport.
///
/// The ranks of a node keep parameters and gradients in one shared window. A step is: write the partial gradients; call `reduce`; update
/// `parameters` over `ownedRange` from `reducedGradient`; call `publishParameters`. One node takes three barriers and one pass over
/// memory, which reads each of n partial gradients once and overwrites the first with the sum: (n + 1) P floats, the minimum.
/// Between nodes, each rank sends partial sums directly to the owner of their elements, and updated parameters directly to their final place.
///
/// All methods that are not marked as local are collective. A step allocates nothing.
public final class GradientExchange {
    /// The sizes of the exchange.
    public let shape: ExchangeShape
    /// The nodes in use. With the transport `messages`, each node has one rank.
    public let topology: NodeTopology
    /// Why the exchange does not use the requested transport, as a sentence for the user; nil if it does. The same on all ranks.
    public let notice: String?

    /// The parameters of the node: `[P]`. All its ranks read them. Each rank writes its `ownedRange` between `reduce` and `publishParameters`.
    public let parameters: UnsafeMutablePointer<Float>
    /// The packed weights of the node: `shape.packedCount` floats, initially zero. A rank packs only its `ownedRange` and the elements that
    /// `publishParameters` and `broadcastParameters` pass to it.
    public let packedWeights: UnsafeMutablePointer<Float>
    /// The shards of this rank.
    public let shards: Range<Int>
    /// The largest subtrees of the shard tree that cover this rank's shards. The rank computes one partial gradient for each.
    public let partialShards: [Range<Int>]
    /// The partial gradients of this rank, one for each of `partialShards`, `[P]` each. `reduce` overwrites them.
    public let partials: [UnsafeMutablePointer<Float>]
    /// The jointly computed gradients of `shape.dividedElements`, summed over the shards of all ranks of the node: one buffer for each of the
    /// largest subtrees that cover the node's shards, `[P]` each. Equal to `partials` in a node of one rank.
    public let nodePartials: [UnsafeMutablePointer<Float>]
    /// The intermediate results that the ranks of the node share for the joint gradients, initially zero. Nil in a node of one rank, and if
    /// `shape.dividedElements` is empty.
    public let sharedRows: UnsafeMutableBufferPointer<Float>?
    /// The elements that this rank updates: whole blocks of 4096, except for the last block of the arena. May be empty.
    public let ownedRange: Range<Int>
    /// The gradient over `ownedRange`; its first element is that of `ownedRange.lowerBound`. Valid from `reduce` to `publishParameters`.
    public let reducedGradient: UnsafePointer<Float>
    /// The ranks with which this rank computes a step together; nil if it computes alone.
    public let team: NodeTeam?
    /// Memory, traffic and waiting time on this rank.
    public internal(set) var counters: ExchangeCounters

    let world: World
    let plan: ExchangePlan
    let memory: NodeMemory
    let leaders: Communicator
    var records: StepRecords
    var nodeBarrier: SleepingBarrier
    private var sums: PartialSums
    /// The checksums of this rank's partial gradients, from `checksumPartials` to `verifiedReduce`; otherwise empty.
    var partialChecksums: [UInt32] = []
    /// A hook for tests. A verified reduction calls it after the second sums and before the sums in place.
    package var injectFault: (() -> Void)?
    private let sparse: SparseRows
    private var finishing: SumFinishing?
    private let parameterTransfers: TransferPlan
    private let receivedElements: [Range<Int>]

    /// Allocates the memory of all nodes. Collective; the arguments are the same on all ranks.
    ///
    /// Throws `CommunicationError`. Throws a `RemoteFailure` on all ranks if a rank has too little memory even without a shared window.
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
        packedWeights = floats(plan.layout.packedWeights)
        shards = shape.shards(of: world.rank, of: world.rankCount)
        let slots = plan.layout.slotsOfLocalRank[plan.topology.localRank]
        partialShards = slots.map { plan.layout.slotShards[$0] }
        partials = slots.map { floats(plan.layout.slots[$0]) }
        nodePartials = plan.layout.dividedElements.isEmpty ? partials : plan.outputSlots.map { floats(plan.layout.slots[$0]) }
        sharedRows =
            plan.layout.sharedRows.map { UnsafeMutableBufferPointer(start: floats($0), count: plan.layout.sharedRowCount) }
        ownedRange = plan.ownedElements
        reducedGradient = UnsafePointer(floats(plan.layout.slots[0]) + plan.ownedElements.lowerBound)
        records = StepRecords(plan: plan, base: base)
        nodeBarrier = try SleepingBarrier(in: memory.group, state: base)
        sums = PartialSums(plan: plan, base: base)
        sparse = SparseRows(plan: plan, base: base)
        parameterTransfers = plan.parameterTransfers()
        receivedElements = plan.receivedElements
        team = try NodeTeam.form(world: world, memory: memory)
        leaders = try Communicator(of: world, colour: plan.topology.localRank == 0 ? 0 : 1)
        counters = ExchangeCounters(
            plan: plan, betweenNodes: sums.sentByteCount + records.sentByteCount + parameterTransfers.sentByteCount)
    }

    deinit { sparse.deallocate() }

    /// Names the rows of sparse table `table` for which this rank has gradients in this step.
    ///
    /// The other rows of its `partials` must be zero, as they are initially. Required for each table before each `reduce`. Local.
    public func setRows(_ rows: UnsafeBufferPointer<Int32>, ofTable table: Int) { sparse.mark(rows, ofTable: table) }

    /// Calls `body` with the ranges within `elements`, a part of `ownedRange`, in which the reduced gradient may be nonzero. Valid from `reduce`
    /// to `publishParameters`. Local.
    public func forEachLiveRun(in elements: Range<Int>, _ body: (Range<Int>) -> Void) {
        if let live = sparse.live {
            live.forEachRun(in: elements, body)
        } else if !elements.isEmpty {
            body(elements)
        }
    }

    /// From now on, each reduction calls `body` with the parts of `elements` that this rank owns, and their summed gradients, which it may change before
    /// the norm is computed. Local; the same on all ranks.
    public func finishSums(
        of elements: [Range<Int>], _ body: @escaping (_ elements: Range<Int>, _ gradient: UnsafeMutablePointer<Float>) -> Void
    ) {
        finishing = SumFinishing(
            of: elements, owned: ownedRange, gradient: UnsafeMutablePointer(mutating: reducedGradient) - ownedRange.lowerBound,
            body)
    }

    /// A barrier of the node. After it, every rank sees what the other ranks wrote into shared memory before it. Collective over the node.
    public func barrier() {
        nodeBarrier.wait()
        counters.note(waitedNanoseconds: nodeBarrier.waitedNanoseconds)
    }

    /// Sets a double that a shard of this rank reports in the next `reduce` or `exchangeScalars`. Local.
    public func setScalar(shard: Int, index: Int, to value: Double) {
        precondition(shards.contains(shard), "shard \(shard) is not among \(shards)")
        records.setScalar(shard: shard, index: index, to: value)
    }

    /// Sums the partial gradients of all ranks in tree order, and exchanges the norm, the scalars and the flags.
    ///
    /// On return, `reducedGradient` is this rank's part of the sum, and `scalar` gives the scalars of all shards.
    public func reduce(flags: Int32 = 0) throws(CommunicationError) -> Reduction {
        let start = MonotonicClock.nanoseconds
        records.setFlags(flags)
        nodeBarrier.wait()
        let reduction = try sum(audit: nil)
        counters.note(reduceNanoseconds: MonotonicClock.nanoseconds - start, waitedNanoseconds: nodeBarrier.waitedNanoseconds)
        return reduction
    }

    /// Sums the partial gradients. Requires that all ranks of the node have written theirs.
    func sum(audit: GradientAudit?) throws(CommunicationError) -> Reduction {
        try sums.add(in: world, live: sparse.live, blockSums: records.ownBlockSums, barrier: &nodeBarrier, audit: audit)
        if let finishing {
            if audit != nil { nodeBarrier.wait() }  // other ranks compare the sums with their own
            finishing.run(blockSums: records.ownBlockSums)
        }
        try records.send(in: world, withBlockSums: true)
        nodeBarrier.wait()
        return Reduction(squaredNorm: records.foldBlockSums(), flags: records.collect())
    }

    /// Exchanges scalars and flags without gradients, as in a validation. Returns the bitwise or of the flags of all ranks.
    public func exchangeScalars(flags: Int32 = 0) throws(CommunicationError) -> Int32 {
        records.setFlags(flags)
        try records.send(in: world, withBlockSums: false)
        nodeBarrier.wait()
        counters.note(waitedNanoseconds: nodeBarrier.waitedNanoseconds)
        return records.collect()
    }

    /// Sends this rank's `ownedRange` of `parameters`, already updated and packed, to all nodes. Required also after a step without an update.
    ///
    /// Calls `received` with each range of elements that another node has updated and that this rank must pack.
    public func publishParameters(received: (Range<Int>) -> Void = { _ in }) throws(CommunicationError) {
        sparse.clearSums()
        try parameterTransfers.run(in: world, sending: parameters, receiving: parameters)
        for elements in receivedElements { received(elements) }
        nodeBarrier.wait()
        counters.note(waitedNanoseconds: nodeBarrier.waitedNanoseconds)
    }

    /// Scalar `index` of any shard, from the last `reduce` or `exchangeScalars`. Local.
    public func scalar(shard: Int, index: Int) -> Double { records.scalar(shard: shard, index: index) }

    /// The sum of scalar `index` over all shards, in tree order, from the last `reduce` or `exchangeScalars`. Local.
    public func foldShards(index: Int) -> Double { records.foldShards(index: index) }
}
