public import Communication
public import Tensors

/// Checks for bits that have changed by themselves: in a step among many, as they read everything once more.
extension GradientExchange {
    /// Notes what this rank's partial gradients are, so that `verifiedReduce` finds what changes from here on. Collective over the node,
    /// whose ranks write some of them together.
    /// Returns the sums of their bits, to be held against those of a second computation.
    public func promisePartials() -> [UInt32] {
        barrier.wait()
        promised = GradientAudit.promise(plan, memory.window.base)
        barrier.wait()
        return promised
    }

    /// As `reduce`, after `promisePartials`, with checks of every partial gradient, of messages between nodes, and of the sums of
    /// some blocks, others with each `seed`. `known` is a fault that this rank found before.
    ///
    /// Where it returns a corruption, the same on all ranks, no use may be made of the sum: call `clearGradients`.
    public func verifiedReduce(
        flags: Int32, seed: UInt64, known: Corruption?
    ) throws(CommunicationError) -> (reduction: Reduction, corruption: Corruption?) {
        precondition(promised.count == world.rankCount, "promisePartials comes before verifiedReduce")
        let start = MonotonicClock.nanoseconds
        let audit = GradientAudit(
            plan: plan, base: memory.window.base, promised: try world.allgather(promised), seed: seed, fault: known)
        promised = []
        board.setFlags(flags)
        barrier.wait()
        audit.checkPartials()
        barrier.wait()  // sums are made in place
        disturb?()
        let reduction = try sum(audit: audit)
        let corruption = try Corruption.agreed(audit.fault, in: world)
        counters.note(
            reduceNanoseconds: MonotonicClock.nanoseconds - start, waitedNanoseconds: barrier.waitedNanoseconds)
        return (reduction, corruption)
    }

    /// Zeroes everything that has to do with gradients, after a step that was broken off. Collective.
    public func clearGradients() throws(CommunicationError) {
        barrier.wait()
        for (partial, slot) in zip(partials, plan.layout.slotsOfLocalRank[topology.localRank]) {
            for used in plan.layout.used(0..<shape.elementCount, ofSlot: slot) {
                (partial + used.lowerBound).update(repeating: 0, count: used.count)
            }
        }
        try publishParameters()
    }

    /// This rank. Local.
    public var rank: Int { world.rank }

    /// The corruption that the ranks agree on, of what each has found. Collective.
    public func agreed(_ own: Corruption?) throws(CommunicationError) -> Corruption? { try Corruption.agreed(own, in: world) }

    /// Whether something is true on any rank. Collective.
    public func agreed(_ own: Bool) throws(CommunicationError) -> Bool { try world.max(own ? 1 : 0) > 0 }

    /// Whether all nodes have the same parameters: nil, or the owner of some that differ on this rank's node. Collective.
    public func compareCopies() throws(CommunicationError) -> Corruption? {
        let sums = try world.allgather(bits(ownedRange).value)
        let differing = plan.remoteRanks.first { owner in
            plan.receiver(in: plan.node, for: owner) == plan.rank
                && bits(plan.ownership.elements(plan.ownership.owned[owner])).value != sums[owner]
        }
        return differing.map { Corruption(kind: .copy, rank: $0) }
    }

    /// Whether what the node has derived from its parameters has the bits that are `expected` of it: nil, or this node's first rank.
    ///
    /// `expected` is asked for the sum over a part of the parameters. Collective.
    public func compareDerived(expected: (Range<Int>) -> BitSum) throws(CommunicationError) -> Corruption? {
        let part = ExchangeShape.part(topology.localRank, of: topology.localCount, in: shape.derivedCount)
        let found = BitSum(derived + part.lowerBound, count: part.count)
        let all = try world.allgather(found.value &- expected(plan.heldElements).value)
        let total = all[plan.node].reduce(0, &+)
        return total == 0 ? nil : Corruption(kind: .derived, rank: plan.node.lowerBound)
    }

    private func bits(_ elements: Range<Int>) -> BitSum { BitSum(parameters + elements.lowerBound, count: elements.count) }
}
