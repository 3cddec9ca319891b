/// Memory, traffic and waiting time of an exchange on this rank.
public struct ExchangeCounters: Sendable {
    /// Bytes of the node's memory, shared or private, and of this rank's receive buffer.
    public let memoryByteCount: Int
    /// Bytes that this rank reads and writes in a step to sum partial gradients.
    public let addedByteCountPerStep: Int
    /// Bytes that this rank sends to other nodes in a step: partial sums, step records, parameters.
    public let sentByteCountPerStep: Int
    /// The number of reductions so far.
    public private(set) var reductionCount = 0
    /// Nanoseconds spent in `reduce` so far, including waiting.
    public private(set) var reduceNanoseconds: Int64 = 0
    /// Nanoseconds spent so far in the barriers of the node.
    public private(set) var waitedNanoseconds: Int64 = 0

    init(plan: ExchangePlan, betweenNodes sent: Int) {
        let receivedRows = plan.receiveRows().compactMap { $0 }.count
        memoryByteCount = plan.layout.touchedByteCount + receivedRows * plan.ownedElements.count * 4
        let inNode = plan.nodeSums.filter(\.adds).reduce(0) { total, sum in
            total + (sum.slots.count + plan.outputSlots.count) * sum.elements.clamped(to: plan.heldElements).count
        }
        let inWorld = plan.worldProgram.map { ($0.leaves.count + 1) * plan.ownedElements.count } ?? 0
        addedByteCountPerStep = (inNode + inWorld) * 4
        sentByteCountPerStep = sent
    }

    mutating func note(reduceNanoseconds: Int64, waitedNanoseconds: Int64) {
        reductionCount += 1
        self.reduceNanoseconds += reduceNanoseconds
        self.waitedNanoseconds = waitedNanoseconds
    }

    mutating func note(waitedNanoseconds: Int64) {
        self.waitedNanoseconds = waitedNanoseconds
    }
}
