internal import Communication
internal import Tensors

/// The sum of the partial gradients: within the node, then across nodes.
struct PartialSums {
    private let plan: ExchangePlan
    private let base: UnsafeMutableRawPointer
    private let transfers: TransferPlan
    private let received: FloatBuffer  // [leaves of other nodes, owned elements]
    private let nodeRun: TreeReduction  // over held elements
    private let outputs: [UnsafeMutablePointer<Float>]  // sums of the node, [P] each
    private let worldRun: TreeReduction?  // over owned elements
    private let worldStretch: TreeReduction.Stretch?

    init(plan: ExchangePlan, base: UnsafeMutableRawPointer) {
        self.plan = plan
        self.base = base
        transfers = plan.partialTransfers()
        let slots = plan.layout.slots.map { (base + $0).assumingMemoryBound(to: Float.self) }
        let outputs = plan.outputSlots.map { slots[$0] }
        self.outputs = outputs
        nodeRun = TreeReduction(plan.nodeStretches(base: base), into: outputs, over: plan.heldElements)
        let rows = plan.receiveRows()
        let owned = plan.ownedElements
        let received = FloatBuffer(count: rows.compactMap { $0 }.count * owned.count)
        self.received = received
        guard let program = plan.worldProgram else {
            worldRun = nil
            worldStretch = nil
            return
        }
        let first = plan.firstWorldLeaf(of: plan.node)
        let sources = rows.indices.map { leaf in
            // A row holds owned elements only. The pointer is moved back, so that the index of every source starts at element 0.
            rows[leaf].map { received.pointer + $0 * owned.count - owned.lowerBound } ?? outputs[leaf - first]
        }
        let stretch = TreeReduction.Stretch(
            elements: 0..<plan.shape.elementCount, program: program, sources: sources.map { UnsafePointer($0) })
        worldStretch = stretch
        worldRun = TreeReduction([stretch], into: [outputs[0]], over: owned)
    }

    /// Bytes that this rank sends to other nodes in a step.
    var sentByteCount: Int { transfers.sentByteCount }

    /// Sums the partial gradients of all ranks over the owned elements, and computes the sum of squares of each owned block.
    ///
    /// Requires that all ranks of the node have written their slots. On return, the parts of other ranks may be incomplete.
    func add(
        in world: World, live: LiveTiles?, blockSums: UnsafeMutablePointer<Double>, barrier: inout SleepingBarrier,
        audit: GradientAudit?
    ) throws(CommunicationError) {
        guard let worldRun, let worldStretch else {
            nodeRun.run(live: live, blockSums: blockSums)
            if let audit {
                barrier.wait()
                audit.checkNodeSums(outputs)
            }
            return
        }
        if plan.addsInNode {
            nodeRun.run(blockSums: nil)
            barrier.wait()  // if node sizes differ, an owner reads sums that other ranks of its node hold
            audit?.checkNodeSums(outputs)
        }
        try audit?.exchangeMessageChecksums(transfers, in: world)
        try transfers.run(in: world, sending: base, receiving: received.pointer)
        audit?.checkMessages(transfers, received: received.pointer)
        let seconds = audit?.secondWorldSums(worldStretch)
        worldRun.run(blockSums: blockSums)
        if let audit, let seconds { audit.checkWorldSums(seconds, outputs[0]) }
    }
}

/// An array of floats at a 64-byte boundary. The last reference frees it.
private final class FloatBuffer {
    let pointer: UnsafeMutablePointer<Float>

    init(count: Int) {
        pointer = UnsafeMutableRawPointer.allocate(byteCount: max(count * 4, 64), alignment: 64)
            .bindMemory(to: Float.self, capacity: count)
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
