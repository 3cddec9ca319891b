internal import Communication
internal import Tensors

/// The messages between nodes. Each is sent from its place in memory and received into its final place, without a copy.
extension ExchangePlan {
    /// Sends the partial sums of this node to the owners on other nodes, and receives the sums of other nodes that this rank owns.
    ///
    /// The send base is the node's memory. The receive base is a buffer with one row of owned elements for each leaf of `worldProgram` that
    /// belongs to another node (`receiveRows`).
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

    /// The row of the receive buffer for each leaf of `worldProgram`; nil for the leaves of this node, which are in its memory.
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

    /// Copies a byte range of each rank, `bytes(rank)`, from its node's memory to the same offset in the memory of every other node.
    private func broadcastTransfers(_ bytes: (Int) -> Range<Int>) -> TransferPlan {
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

    /// Sends the owned parameters to all other nodes.
    func parameterTransfers() -> TransferPlan {
        // The parameters have the same offset in every node's memory. Step records do not, because nodes have different numbers of slots.
        broadcastTransfers { rank in
            let owned = ownership.elements(ownership.owned[rank])
            return (owned.lowerBound * 4)..<(owned.upperBound * 4)
        }
    }

    /// The elements that this rank receives for its node in `parameterTransfers`.
    var receivedElements: [Range<Int>] {
        remoteRanks.filter { receiver(in: node, for: $0) == rank }.map { ownership.elements(ownership.owned[$0]) }
            .filter { !$0.isEmpty }
    }

    /// Sends this rank's step record to all other nodes: the whole record, or its head only. Both bases are the current record buffer.
    func recordTransfers(withBlockSums: Bool) -> TransferPlan {
        broadcastTransfers { rank in
            let byteCount = withBlockSums ? recordLayout.byteCounts[rank] : recordLayout.headByteCounts[rank]
            return recordLayout.offsets[rank]..<(recordLayout.offsets[rank] + byteCount)
        }
    }

    /// Sends the owned elements of every rank to rank 0 (`toRoot`), or back. The base is an array of P floats on rank 0, and the owned elements
    /// on other ranks.
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
