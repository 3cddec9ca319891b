public import Communication
public import Tensors

/// Checks for silent data corruption. They read all data a second time, so only some steps run them.
extension GradientExchange {
    /// Records checksums of this rank's partial gradients. `verifiedReduce` detects later changes.
    ///
    /// Collective over the node, because its ranks compute some partial gradients jointly.
    /// Returns the checksums, for comparison with those of a second computation.
    public func checksumPartials() -> [UInt32] {
        nodeBarrier.wait()
        partialChecksums = GradientAudit.partialChecksums(plan, memory.window.base)
        nodeBarrier.wait()
        return partialChecksums
    }

    /// Like `reduce`, with checks of every partial gradient, of the messages between nodes, and of the sums of some blocks.
    ///
    /// Requires a preceding call of `checksumPartials`. `seed` selects the blocks. `known` is a corruption that this rank has already found.
    /// If the result contains a corruption, which is then the same on all ranks, the sum is unusable: call `clearGradients`.
    public func verifiedReduce(
        flags: Int32, seed: UInt64, known: Corruption?
    ) throws(CommunicationError) -> (reduction: Reduction, corruption: Corruption?) {
        precondition(partialChecksums.count == world.rankCount, "checksumPartials comes before verifiedReduce")
        let start = MonotonicClock.nanoseconds
        let audit = GradientAudit(
            plan: plan, base: memory.window.base, partialChecksums: try world.allgather(partialChecksums), seed: seed,
            fault: known)
        partialChecksums = []
        records.setFlags(flags)
        nodeBarrier.wait()
        audit.checkPartials()
        nodeBarrier.wait()  // the sums overwrite partial gradients
        injectFault?()
        let reduction = try sum(audit: audit)
        let corruption = try Corruption.agreed(audit.fault, in: world)
        counters.note(
            reduceNanoseconds: MonotonicClock.nanoseconds - start, waitedNanoseconds: nodeBarrier.waitedNanoseconds)
        return (reduction, corruption)
    }

    /// Zeroes all gradients after an aborted step. Collective.
    public func clearGradients() throws(CommunicationError) {
        nodeBarrier.wait()
        for (partial, slot) in zip(partials, plan.layout.slotsOfLocalRank[topology.localRank]) {
            for used in plan.layout.used(0..<shape.elementCount, ofSlot: slot) {
                (partial + used.lowerBound).update(repeating: 0, count: used.count)
            }
        }
        try publishParameters()
    }

    /// The number of this rank. Local.
    public var rank: Int { world.rank }

    /// The corruption that the lowest rank reports; nil if no rank reports one. Collective.
    public func agreed(_ own: Corruption?) throws(CommunicationError) -> Corruption? { try Corruption.agreed(own, in: world) }

    /// Whether `own` is true on any rank. Collective.
    public func agreed(_ own: Bool) throws(CommunicationError) -> Bool { try world.max(own ? 1 : 0) > 0 }

    /// Compares the parameters of all nodes: nil if they are equal, otherwise the owner of some that differ on this rank's node. Collective.
    public func compareCopies() throws(CommunicationError) -> Corruption? {
        let sums = try world.allgather(bits(ownedRange).value)
        let differing = plan.remoteRanks.first { owner in
            plan.receiver(in: plan.node, for: owner) == plan.rank
                && bits(plan.ownership.elements(plan.ownership.owned[owner])).value != sums[owner]
        }
        return differing.map { Corruption(kind: .copy, rank: $0) }
    }

    /// Compares the checksum of the node's packed weights with the expected one: nil if they are equal, otherwise the first rank of the node.
    ///
    /// `expected` returns the checksum of the packed weights of a range of parameters. Collective.
    public func comparePackedWeights(expected: (Range<Int>) -> BitSum) throws(CommunicationError) -> Corruption? {
        let part = ExchangeShape.part(topology.localRank, of: topology.localCount, in: shape.packedCount)
        let found = BitSum(packedWeights + part.lowerBound, count: part.count)
        let all = try world.allgather(found.value &- expected(plan.heldElements).value)
        let total = all[plan.node].reduce(0, &+)
        return total == 0 ? nil : Corruption(kind: .packedWeights, rank: plan.node.lowerBound)
    }

    private func bits(_ elements: Range<Int>) -> BitSum { BitSum(parameters + elements.lowerBound, count: elements.count) }
}
