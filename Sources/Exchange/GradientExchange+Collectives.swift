public import Communication

/// Broadcast, gather and scatter of whole arrays, at the start of a run and at checkpoints.
extension GradientExchange {
    /// Copies the parameters of rank 0 to every node, and packs them.
    ///
    /// Calls `changed` with the elements whose packed weights this rank must write. The packed weights are zero at that point. Each element
    /// belongs to exactly one rank of a node.
    public func broadcastParameters(changed: (Range<Int>) -> Void = { _ in }) throws(CommunicationError) {
        if topology.localRank == 0 {
            try leaders.broadcast(UnsafeMutableRawBufferPointer(start: parameters, count: shape.elementCount * 4))
        }
        nodeBarrier.wait()
        // No rank writes the padding between packed weights, so a flipped bit there would remain.
        memory.clearPackedPart()
        nodeBarrier.wait()
        changed(plan.heldElements)
        nodeBarrier.wait()
    }

    /// Gathers on rank 0 an array of which every rank has its `ownedRange`, such as an optimizer's moments.
    ///
    /// `values` points to this rank's part. `whole` points to P floats on rank 0, and is nil on other ranks.
    public func gatherOwned(
        from values: UnsafePointer<Float>, intoRoot whole: UnsafeMutablePointer<Float>?
    ) throws(CommunicationError) {
        precondition(!world.isRoot || whole != nil, "rank 0 needs a place for what it gathers")
        if world.isRoot, let whole { (whole + ownedRange.lowerBound).update(from: values, count: ownedRange.count) }
        try plan.ownedTransfers(toRoot: true).run(in: world, sending: values, receiving: whole)
    }

    /// Scatters an array of rank 0: every rank gets its `ownedRange`. The inverse of `gatherOwned`.
    public func scatterOwned(
        fromRoot whole: UnsafePointer<Float>?, into values: UnsafeMutablePointer<Float>
    ) throws(CommunicationError) {
        precondition(!world.isRoot || whole != nil, "rank 0 needs the array it scatters")
        if world.isRoot, let whole { values.update(from: whole + ownedRange.lowerBound, count: ownedRange.count) }
        try plan.ownedTransfers(toRoot: false).run(in: world, sending: whole, receiving: values)
    }
}
