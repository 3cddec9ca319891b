internal import Communication
internal import Tensors

/// The checks of one reduction: whether what a rank adds up is what the others made, and whether a second sum of some blocks, made
/// by another rank of the node where there is one, is the same.
///
/// Every rank promises the bits of its partial gradients, one sum for each rank that is to add them up, and of what it sends to other
/// nodes. Memory is allocated: this is for a step among many.
final class GradientAudit {
    private let plan: ExchangePlan
    private let base: UnsafeMutableRawPointer
    private let promised: [UInt32]  // [rank that made it, rank that adds it up]
    private let seed: UInt64
    private var neighbours: [SecondSum] = []
    private var promisedMessages: [UInt32] = []  // [sender, receiver]
    /// The first fault that this rank found.
    private(set) var fault: Corruption?

    /// Blocks that each rank sums a second time.
    private static let sampleCount = 8

    /// `promised` is that of all ranks.
    init(plan: ExchangePlan, base: UnsafeMutableRawPointer, promised: [UInt32], seed: UInt64, fault: Corruption?) {
        self.plan = plan
        self.base = base
        self.promised = promised
        self.seed = seed
        self.fault = fault
    }

    /// What a rank promises of its partial gradients: the bits of what each rank of its node adds up.
    static func promise(_ plan: ExchangePlan, _ base: UnsafeMutableRawPointer) -> [UInt32] {
        (0..<plan.rankCount).map { holder in
            plan.node.contains(holder) ? bits(of: plan.rank, heldBy: holder, plan, base) : 0
        }
    }

    private static func bits(of maker: Int, heldBy holder: Int, _ plan: ExchangePlan, _ base: UnsafeMutableRawPointer) -> UInt32 {
        let held = plan.ownership.elements(plan.ownership.held[holder])
        var sum = BitSum()
        for slot in plan.layout.slotsOfLocalRank[maker - plan.node.lowerBound] {
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

    /// Holds the partial gradients that this rank adds up against what was promised, and makes the second sums.
    func checkPartials() {
        for maker in plan.node
        where Self.bits(of: maker, heldBy: plan.rank, plan, base) != promised[maker * plan.rankCount + plan.rank] {
            note(.partial, maker)
        }
        let neighbour = plan.node.lowerBound + (plan.topology.localRank + 1) % plan.node.count
        let stretches = plan.nodeStretches(base: base)
        neighbours = sample(plan.ownership.held[neighbour]).map {
            SecondSum(
                stretches, count: plan.outputSlots.count, over: plan.ownership.elements($0..<($0 + 1)), by: neighbour)
        }
    }

    // MARK: After the sum inside the node

    /// Holds the node's sums against the second ones. All ranks of the node must have made theirs.
    func checkNodeSums(_ outputs: [UnsafeMutablePointer<Float>]) {
        for second in neighbours where !second.equals(outputs) { note(.sum, second.rank) }
    }

    // MARK: Between nodes

    /// Tells all ranks what this one sends.
    func promiseMessages(_ transfers: TransferPlan, in world: World) throws(CommunicationError) {
        var sums = [UInt32](repeating: 0, count: plan.rankCount)
        transfers.forEachSend { peer, bytes in sums[peer] &+= bits(base + bytes.lowerBound, bytes.count) }
        promisedMessages = try world.allgather(sums)
    }

    /// Holds what has come against what was promised.
    func checkMessages(_ transfers: TransferPlan, received: UnsafePointer<Float>) {
        var sums = [UInt32](repeating: 0, count: plan.rankCount)
        transfers.forEachReceive { peer, bytes in
            sums[peer] &+= bits(UnsafeRawPointer(received) + bytes.lowerBound, bytes.count)
        }
        for peer in plan.remoteRanks where sums[peer] != promisedMessages[peer * plan.rankCount + plan.rank] {
            note(.message, peer)
        }
    }

    /// The second sums of what this rank alone adds up.
    func secondWorldSums(_ stretch: TreeReduction.Stretch) -> [SecondSum] {
        sample(plan.ownership.owned[plan.rank]).map {
            SecondSum([stretch], count: 1, over: plan.ownership.elements($0..<($0 + 1)), by: plan.rank)
        }
    }

    /// Holds this rank's sums against the second ones.
    func checkWorldSums(_ seconds: [SecondSum], _ output: UnsafeMutablePointer<Float>) {
        for second in seconds where !second.equals([output]) { note(.sum, plan.rank) }
    }

    // MARK: Parts

    private func note(_ kind: Corruption.Kind, _ rank: Int) {
        if fault == nil { fault = Corruption(kind: kind, rank: rank) }
    }

    private func bits(_ bytes: UnsafeRawPointer, _ byteCount: Int) -> UInt32 {
        BitSum(bytes.assumingMemoryBound(to: Float.self), count: byteCount / 4).value
    }

    /// Some of the blocks, other ones at each step.
    private func sample(_ blocks: Range<Int>) -> [Int] {
        if blocks.count <= Self.sampleCount { return Array(blocks) }
        return (0..<Self.sampleCount).map { index in
            var mixed = (seed &+ UInt64(index)) &* 0x9E37_79B9_7F4A_7C15
            mixed = (mixed ^ (mixed >> 32)) &* 0xD6E8_FEB8_6659_FD93
            return blocks.lowerBound + Int((mixed ^ (mixed >> 32)) % UInt64(blocks.count))
        }
    }
}

/// A block that was summed in memory of its own, before it is summed in its place.
final class SecondSum {
    /// The rank that makes the first sum.
    let rank: Int
    private let elements: Range<Int>
    private let sums: [UnsafeMutablePointer<Float>]

    /// Makes `count` sums.
    init(_ stretches: [TreeReduction.Stretch], count: Int, over elements: Range<Int>, by rank: Int) {
        self.rank = rank
        self.elements = elements
        sums = (0..<count).map { _ in .allocate(capacity: elements.count) }
        TreeReduction(stretches, into: sums.map { $0 - elements.lowerBound }, over: elements).run(blockSums: nil)
    }

    deinit { for sum in sums { sum.deallocate() } }

    /// Whether the sums in place, of which `outputs` point to element 0, have the same bits.
    func equals(_ outputs: [UnsafeMutablePointer<Float>]) -> Bool {
        zip(sums, outputs).allSatisfy { second, first in
            let inPlace = UnsafeRawBufferPointer(start: first + elements.lowerBound, count: elements.count * 4)
            return inPlace.elementsEqual(UnsafeRawBufferPointer(start: second, count: elements.count * 4))
        }
    }
}
