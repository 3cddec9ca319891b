internal import Communication
internal import Tensors

/// The messages between nodes. All are sent from and received into their final places: nothing is packed.
extension ExchangePlan {
    /// The partial sums of this node to their owners, and those of other nodes to this rank.
    ///
    /// Sending base: the node's memory. Receiving base: a buffer of one row of owned elements for each leaf of `worldProgram` that
    /// is another node's (`receiveRows`).
    func partialTransfers() -> TransferPlan {
        var plan = TransferPlan()
        for owner in remoteRanks {
            let piece = ownership.elements(heldBy: rank, ownedBy: owner)
            for slot in outputSlots {
                plan.send(offset: layout.slots[slot] + piece.lowerBound * 4, byteCount: piece.count * 4, to: owner)
            }
        }
        let rows = receiveRows()
        for holder in remoteRanks {
            let piece = ownership.elements(heldBy: holder, ownedBy: rank)
            for leaf in worldLeaves(of: topology.nodes.first { $0.contains(holder) }!) {
                let element = rows[leaf]! * ownedElements.count + piece.lowerBound - ownedElements.lowerBound
                plan.receive(offset: element * 4, byteCount: piece.count * 4, from: holder)
            }
        }
        plan.rotate(for: rank)
        return plan
    }

    /// The row of the receive buffer for each leaf of `worldProgram`; nil for those of this node, which lie in its memory.
    func receiveRows() -> [Int?] {
        guard let leaves = worldProgram?.leaves else { return [] }
        let own = worldLeaves(of: node)
        var next = 0
        return leaves.indices.map { leaf in
            if own.contains(leaf) { return nil }
            defer { next += 1 }
            return next
        }
    }

    /// A range of bytes of each rank's, from its node's memory to the same place in every other node's.
    func spread(_ bytes: (Int) -> Range<Int>) -> TransferPlan {
        var plan = TransferPlan()
        for other in topology.nodes where other != node {
            plan.send(offset: bytes(rank).lowerBound, byteCount: bytes(rank).count, to: receiver(in: other, for: rank))
        }
        for sender in remoteRanks where receiver(in: node, for: sender) == rank {
            plan.receive(offset: bytes(sender).lowerBound, byteCount: bytes(sender).count, from: sender)
        }
        plan.rotate(for: rank)
        return plan
    }

    /// The owned parameters to all nodes.
    func parameterTransfers() -> TransferPlan {
        // The parameters lie at the same offset in every node's memory; bulletins do not, as nodes have different slots.
        spread { rank in
            let owned = ownership.elements(ownership.owned[rank])
            return (owned.lowerBound * 4)..<(owned.upperBound * 4)
        }
    }

    /// The elements that `parameterTransfers` bring to this rank, for all of its node.
    var receivedElements: [Range<Int>] {
        remoteRanks.filter { receiver(in: node, for: $0) == rank }.map { ownership.elements(ownership.owned[$0]) }
            .filter { !$0.isEmpty }
    }

    /// The records of a bulletin to all nodes: with the block sums, or the heads alone. Bases: the bulletin.
    func bulletinTransfers(withBlockSums: Bool) -> TransferPlan {
        spread { rank in
            let byteCount = withBlockSums ? bulletin.recordByteCounts[rank] : bulletin.headByteCounts[rank]
            return bulletin.records[rank]..<(bulletin.records[rank] + byteCount)
        }
    }

    /// Every rank's owned elements to rank 0 (`toRoot`) or from it. Rank 0's base: P floats; elsewhere: the owned elements.
    func ownedTransfers(toRoot: Bool) -> TransferPlan {
        var plan = TransferPlan()
        func add(_ rank: Int, offset: Int, peer: Int, sending: Bool) {
            let byteCount = ownership.elements(ownership.owned[rank]).count * 4
            if sending {
                plan.send(offset: offset, byteCount: byteCount, to: peer)
            } else {
                plan.receive(offset: offset, byteCount: byteCount, from: peer)
            }
        }
        if rank > 0 {
            add(rank, offset: 0, peer: 0, sending: toRoot)
        } else {
            for other in 1..<max(rankCount, 1) {
                let first = ownership.elements(ownership.owned[other]).lowerBound
                add(other, offset: first * 4, peer: other, sending: !toRoot)
            }
        }
        return plan
    }
}
