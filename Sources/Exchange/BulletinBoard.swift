internal import Communication
internal import Tensors

/// The bulletins in a node's memory: writes this rank's record, shares it, reads all.
struct BulletinBoard {
    private let plan: ExchangePlan
    private let bulletins: [UnsafeMutableRawPointer]
    private let headTransfers: TransferPlan
    private let recordTransfers: TransferPlan
    private let shards: [Range<Int>]  // of each rank
    private let ranksByBlocks: [Int]  // in the order of the blocks they own
    private let shardTree: TreeProgram
    private let values: DoubleBuffer  // [scalarsPerShard, S]: private, so that other ranks may go on
    private var turn = 0  // which of the two bulletins is written and read next

    init(plan: ExchangePlan, base: UnsafeMutableRawPointer) {
        self.plan = plan
        bulletins = plan.layout.bulletins.map { base + $0 }
        headTransfers = plan.bulletinTransfers(withBlockSums: false)
        recordTransfers = plan.bulletinTransfers(withBlockSums: true)
        shards = (0..<plan.rankCount).map { plan.shape.shards(of: $0, of: plan.rankCount) }
        ranksByBlocks = (0..<plan.rankCount).sorted {
            plan.ownership.owned[$0].lowerBound < plan.ownership.owned[$1].lowerBound
        }
        shardTree = TreeProgram(
            tree: ShardTree(shardCount: plan.shape.shardCount), leaves: (0..<plan.shape.shardCount).map { $0..<($0 + 1) },
            outputs: [0..<plan.shape.shardCount])
        values = DoubleBuffer(count: plan.shape.shardCount * plan.shape.scalarsPerShard)
    }

    /// Bytes this rank sends to other nodes at a step.
    var sentByteCount: Int { recordTransfers.sentByteCount }

    /// Where this rank puts the sums of squares of the blocks it owns.
    var ownBlockSums: UnsafeMutablePointer<Double> { blockSums(of: plan.rank) }

    func setFlags(_ flags: Int32) {
        record(of: plan.rank).storeBytes(of: flags, as: Int32.self)
    }

    func setScalar(shard: Int, index: Int, to value: Double) {
        precondition((0..<plan.shape.scalarsPerShard).contains(index), "scalar \(index) of \(plan.shape.scalarsPerShard)")
        scalars(of: plan.rank)[(shard - shards[plan.rank].lowerBound) * plan.shape.scalarsPerShard + index] = value
    }

    func scalar(shard: Int, index: Int) -> Double { values.pointer[index * plan.shape.shardCount + shard] }

    func foldShards(index: Int) -> Double { shardTree.fold(values.pointer + index * plan.shape.shardCount) }

    /// Sends this rank's record to all other nodes; inside the node it is in place, for those that come after the next barrier.
    func share(in world: World, withBlockSums: Bool) throws(CommunicationError) {
        let transfers = withBlockSums ? recordTransfers : headTransfers
        try transfers.run(in: world, sending: bulletins[turn], receiving: bulletins[turn])
    }

    /// The sum of all blocks' sums, in the order of the blocks.
    func foldBlockSums() -> Double {
        var total = 0.0
        for rank in ranksByBlocks {
            let sums = blockSums(of: rank)
            for block in 0..<plan.ownership.owned[rank].count { total += sums[block] }
        }
        return total
    }

    /// Takes in the scalars of all shards, turns to the other bulletin, and returns the or of all flags.
    mutating func collect() -> Int32 {
        var flags: Int32 = 0
        let width = plan.shape.scalarsPerShard
        for rank in 0..<plan.rankCount {
            flags |= record(of: rank).load(as: Int32.self)
            let scalars = scalars(of: rank)
            for (row, shard) in shards[rank].enumerated() {
                for index in 0..<width { values.pointer[index * plan.shape.shardCount + shard] = scalars[row * width + index] }
            }
        }
        turn = 1 - turn
        return flags
    }

    private func record(of rank: Int) -> UnsafeMutableRawPointer { bulletins[turn] + plan.bulletin.records[rank] }

    private func scalars(of rank: Int) -> UnsafeMutablePointer<Double> {
        (record(of: rank) + 8).assumingMemoryBound(to: Double.self)
    }

    private func blockSums(of rank: Int) -> UnsafeMutablePointer<Double> {
        (record(of: rank) + plan.bulletin.sumOffsets[rank]).assumingMemoryBound(to: Double.self)
    }
}

/// Doubles, zero at first, freed with their last owner.
private final class DoubleBuffer {
    let pointer: UnsafeMutablePointer<Double>

    init(count: Int) {
        pointer = .allocate(capacity: max(count, 1))
        pointer.initialize(repeating: 0, count: max(count, 1))
    }

    deinit { pointer.deallocate() }
}
