internal import Communication
internal import Tensors

/// The step records in a node's memory: writes this rank's record, sends it to other nodes, reads all.
///
/// There are two buffers, used in turn: a rank may write the next record while another rank still reads the last one.
struct StepRecords {
    private let plan: ExchangePlan
    private let buffers: [UnsafeMutableRawPointer]  // two, of all records each
    private let headTransfers: TransferPlan
    private let recordTransfers: TransferPlan
    private let shards: [Range<Int>]  // of each rank
    private let ranksByBlocks: [Int]  // in the order of the blocks they own
    private let shardTree: TreeProgram
    private let scalars: DoubleBuffer  // [scalarsPerShard, S]: a private copy, so that other ranks may write the next records
    private var current = 0  // the buffer that is written and read next

    init(plan: ExchangePlan, base: UnsafeMutableRawPointer) {
        self.plan = plan
        buffers = plan.layout.recordBuffers.map { base + $0 }
        headTransfers = plan.recordTransfers(withBlockSums: false)
        recordTransfers = plan.recordTransfers(withBlockSums: true)
        shards = (0..<plan.rankCount).map { plan.shape.shards(of: $0, of: plan.rankCount) }
        ranksByBlocks = (0..<plan.rankCount).sorted {
            plan.ownership.owned[$0].lowerBound < plan.ownership.owned[$1].lowerBound
        }
        shardTree = TreeProgram(
            tree: ShardTree(shardCount: plan.shape.shardCount), leaves: (0..<plan.shape.shardCount).map { $0..<($0 + 1) },
            outputs: [0..<plan.shape.shardCount])
        scalars = DoubleBuffer(count: plan.shape.shardCount * plan.shape.scalarsPerShard)
    }

    /// Bytes this rank sends to other nodes at a step.
    var sentByteCount: Int { recordTransfers.sentByteCount }

    /// The sums of squares of the blocks that this rank owns, in its record.
    var ownBlockSums: UnsafeMutablePointer<Double> { blockSums(of: plan.rank) }

    func setFlags(_ flags: Int32) {
        record(of: plan.rank).storeBytes(of: flags, as: Int32.self)
    }

    func setScalar(shard: Int, index: Int, to value: Double) {
        precondition((0..<plan.shape.scalarsPerShard).contains(index), "scalar \(index) of \(plan.shape.scalarsPerShard)")
        recordedScalars(of: plan.rank)[(shard - shards[plan.rank].lowerBound) * plan.shape.scalarsPerShard + index] = value
    }

    func scalar(shard: Int, index: Int) -> Double { scalars.pointer[index * plan.shape.shardCount + shard] }

    func foldShards(index: Int) -> Double { shardTree.fold(scalars.pointer + index * plan.shape.shardCount) }

    /// Sends this rank's record to all other nodes. The ranks of its node read it in place after the next barrier.
    func send(in world: World, withBlockSums: Bool) throws(CommunicationError) {
        let transfers = withBlockSums ? recordTransfers : headTransfers
        try transfers.run(in: world, sending: buffers[current], receiving: buffers[current])
    }

    /// The sum of the block sums of all ranks, in the order of the blocks.
    func foldBlockSums() -> Double {
        var total = 0.0
        for rank in ranksByBlocks {
            let sums = blockSums(of: rank)
            for block in 0..<plan.ownership.owned[rank].count { total += sums[block] }
        }
        return total
    }

    /// Copies the scalars of all shards, switches to the other buffer, and returns the bitwise or of all flags.
    mutating func collect() -> Int32 {
        var flags: Int32 = 0
        let width = plan.shape.scalarsPerShard
        for rank in 0..<plan.rankCount {
            flags |= record(of: rank).load(as: Int32.self)
            let recorded = recordedScalars(of: rank)
            for (row, shard) in shards[rank].enumerated() {
                for index in 0..<width { scalars.pointer[index * plan.shape.shardCount + shard] = recorded[row * width + index] }
            }
        }
        current = 1 - current
        return flags
    }

    private func record(of rank: Int) -> UnsafeMutableRawPointer { buffers[current] + plan.recordLayout.offsets[rank] }

    private func recordedScalars(of rank: Int) -> UnsafeMutablePointer<Double> {
        (record(of: rank) + 8).assumingMemoryBound(to: Double.self)
    }

    private func blockSums(of rank: Int) -> UnsafeMutablePointer<Double> {
        (record(of: rank) + plan.recordLayout.sumOffsets[rank]).assumingMemoryBound(to: Double.self)
    }
}

/// An array of doubles, initially zero. The last reference frees it.
private final class DoubleBuffer {
    let pointer: UnsafeMutablePointer<Double>

    init(count: Int) {
        pointer = .allocate(capacity: max(count, 1))
        pointer.initialize(repeating: 0, count: max(count, 1))
    }

    deinit { pointer.deallocate() }
}
