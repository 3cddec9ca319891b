internal import Communication
internal import Tensors

/// The checks of one reduction, by checksums and by second computations.
///
/// Every rank publishes checksums of its partial gradients, one for each rank that sums a part of them, and of its messages to other nodes.
/// The reader compares. For some blocks another rank of the node also computes the sum a second time; a node of one rank does so itself.
/// Allocates memory, so only some steps use it.
final class GradientAudit {
    private let plan: ExchangePlan
    private let base: UnsafeMutableRawPointer
    private let partialChecksums: [UInt32]  // [rank that computed the gradient, rank that sums it]
    private let seed: UInt64
    private var secondNodeSums: [SecondSum] = []
    private var messageChecksums: [UInt32] = []  // [sender, receiver]
    /// The first corruption that this rank found.
    private(set) var fault: Corruption?

    /// The number of blocks that each rank sums a second time.
    private static let sampleCount = 8

    /// `partialChecksums` are those of all ranks, in rank order.
    init(plan: ExchangePlan, base: UnsafeMutableRawPointer, partialChecksums: [UInt32], seed: UInt64, fault: Corruption?) {
        self.plan = plan
        self.base = base
        self.partialChecksums = partialChecksums
        self.seed = seed
        self.fault = fault
    }

    /// The checksums of this rank's partial gradients: one for the part that each rank of its node sums, and 0 for other ranks. `[rankCount]`
    static func partialChecksums(_ plan: ExchangePlan, _ base: UnsafeMutableRawPointer) -> [UInt32] {
        (0..<plan.rankCount).map { holder in
            plan.node.contains(holder) ? checksum(of: plan.rank, heldBy: holder, plan, base) : 0
        }
    }

    private static func checksum(
        of author: Int, heldBy holder: Int, _ plan: ExchangePlan, _ base: UnsafeMutableRawPointer
    ) -> UInt32 {
        let held = plan.ownership.elements(plan.ownership.held[holder])
        var sum = BitSum()
        for slot in plan.layout.slotsOfLocalRank[author - plan.node.lowerBound] {
            for elements in plan.layout.used(held, ofSlot: slot) {
                sum.add(floats(base, plan.layout.slots[slot]) + elements.lowerBound, count: elements.count)
            }
        }
        return sum.value
    }

    private static func floats(_ base: UnsafeMutableRawPointer, _ offset: Int) -> UnsafePointer<Float> {
        UnsafePointer((base + offset).assumingMemoryBound(to: Float.self))
    }

    // MARK: Before the sum

    /// Compares the partial gradients that this rank sums with their checksums, and computes the second sums.
    func checkPartials() {
        for author in plan.node {
            let expected = partialChecksums[author * plan.rankCount + plan.rank]
            if Self.checksum(of: author, heldBy: plan.rank, plan, base) != expected { note(.partial, author) }
        }
        let neighbour = plan.node.lowerBound + (plan.topology.localRank + 1) % plan.node.count
        let stretches = plan.nodeStretches(base: base)
        secondNodeSums = sample(plan.ownership.held[neighbour]).map {
            SecondSum(
                stretches, count: plan.outputSlots.count, over: plan.ownership.elements($0..<($0 + 1)), by: neighbour)
        }
    }

    // MARK: After the sum inside the node

    /// Compares the node's sums with the second sums. Requires that all ranks of the node have computed theirs.
    func checkNodeSums(_ outputs: [UnsafeMutablePointer<Float>]) {
        for second in secondNodeSums where !second.equals(outputs) { note(.sum, second.rank) }
    }

    // MARK: Between nodes

    /// Shares the checksums of all messages with all ranks. Collective.
    func exchangeMessageChecksums(_ transfers: TransferPlan, in world: World) throws(CommunicationError) {
        var sums = [UInt32](repeating: 0, count: plan.rankCount)
        transfers.forEachSend { peer, bytes in sums[peer] &+= checksum(base + bytes.lowerBound, bytes.count) }
        messageChecksums = try world.allgather(sums)
    }

    /// Compares the received messages with the checksums of their senders.
    func checkMessages(_ transfers: TransferPlan, received: UnsafePointer<Float>) {
        var sums = [UInt32](repeating: 0, count: plan.rankCount)
        transfers.forEachReceive { peer, bytes in
            sums[peer] &+= checksum(UnsafeRawPointer(received) + bytes.lowerBound, bytes.count)
        }
        for peer in plan.remoteRanks where sums[peer] != messageChecksums[peer * plan.rankCount + plan.rank] {
            note(.message, peer)
        }
    }

    /// The second sums of some blocks that this rank owns.
    func secondWorldSums(_ stretch: TreeReduction.Stretch) -> [SecondSum] {
        sample(plan.ownership.owned[plan.rank]).map {
            SecondSum([stretch], count: 1, over: plan.ownership.elements($0..<($0 + 1)), by: plan.rank)
        }
    }

    /// Compares the sums of this rank with the second sums.
    func checkWorldSums(_ seconds: [SecondSum], _ output: UnsafeMutablePointer<Float>) {
        for second in seconds where !second.equals([output]) { note(.sum, plan.rank) }
    }

    // MARK: Parts

    private func note(_ kind: Corruption.Kind, _ rank: Int) {
        if fault == nil { fault = Corruption(kind: kind, rank: rank) }
    }

    private func checksum(_ bytes: UnsafeRawPointer, _ byteCount: Int) -> UInt32 {
        BitSum(bytes.assumingMemoryBound(to: Float.self), count: byteCount / 4).value
    }

    /// A pseudo-random sample of the blocks, which depends on the seed.
    private func sample(_ blocks: Range<Int>) -> [Int] {
        if blocks.count <= Self.sampleCount { return Array(blocks) }
        return (0..<Self.sampleCount).map { index in
            var mixed = (seed &+ UInt64(index)) &* 0x9E37_79B9_7F4A_7C15
            mixed = (mixed ^ (mixed >> 32)) &* 0xD6E8_FEB8_6659_FD93
            return blocks.lowerBound + Int((mixed ^ (mixed >> 32)) % UInt64(blocks.count))
        }
    }
}
