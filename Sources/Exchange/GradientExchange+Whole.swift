public import Communication

/// Whole arrays at the start, at a checkpoint and at a resume.
extension GradientExchange {
    /// Copies rank 0's parameters to every node.
    ///
    /// `changed` is called with the elements for which this rank is to renew `derived`, which is zero then; every element is in those of one
    /// rank of a node.
    public func broadcastParameters(changed: (Range<Int>) -> Void = { _ in }) throws(CommunicationError) {
        if topology.localRank == 0 {
            try leaders.broadcast(UnsafeMutableRawBufferPointer(start: parameters, count: shape.elementCount * 4))
        }
        barrier.wait()
        // What lies between derived elements is renewed by nobody: a bit that flipped there would stay.
        memory.clearDerivedPart()
        barrier.wait()
        changed(plan.heldElements)
        barrier.wait()
    }

    /// Puts together on rank 0 what every rank has of its `ownedRange`, as moments: `values` points to this rank's part.
    ///
    /// `whole` points to P floats on rank 0; other ranks give nil.
    public func gatherOwned(
        from values: UnsafePointer<Float>, intoRoot whole: UnsafeMutablePointer<Float>?
    ) throws(CommunicationError) {
        precondition(!world.isRoot || whole != nil, "rank 0 needs a place for what it gathers")
        if world.isRoot, let whole { (whole + ownedRange.lowerBound).update(from: values, count: ownedRange.count) }
        try plan.ownedTransfers(toRoot: true).run(in: world, sending: values, receiving: whole)
    }

    /// Gives every rank its `ownedRange` of rank 0's array: the inverse of `gatherOwned`.
    public func scatterOwned(
        fromRoot whole: UnsafePointer<Float>?, into values: UnsafeMutablePointer<Float>
    ) throws(CommunicationError) {
        precondition(!world.isRoot || whole != nil, "rank 0 needs the array it scatters")
        if world.isRoot, let whole { values.update(from: whole + ownedRange.lowerBound, count: ownedRange.count) }
        try plan.ownedTransfers(toRoot: false).run(in: world, sending: whole, receiving: values)
    }
}
