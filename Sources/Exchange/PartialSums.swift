internal import Communication
internal import Tensors

/// The sum of the partial gradients: inside the node, then between nodes.
struct PartialSums {
    private let plan: ExchangePlan
    private let base: UnsafeMutableRawPointer
    private let transfers: TransferPlan
    private let received: FloatBuffer  // [leaves of other nodes, owned elements]
    private let nodeRun: TreeReduction  // over held elements
    private let outputs: [UnsafeMutablePointer<Float>]  // the node's sums, [P] each
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
            // Rows hold owned elements only: the pointer is set back, so that all sources count from element 0.
            rows[leaf].map { received.pointer + $0 * owned.count - owned.lowerBound } ?? outputs[leaf - first]
        }
        let stretch = TreeReduction.Stretch(
            elements: 0..<plan.shape.elementCount, program: program, sources: sources.map { UnsafePointer($0) })
        worldStretch = stretch
        worldRun = TreeReduction([stretch], into: [outputs[0]], over: owned)
    }

    /// Bytes this rank sends to other nodes.
    var sentByteCount: Int { transfers.sentByteCount }

    /// Adds everything up over the owned elements, with the sums of squares of its blocks.
    ///
    /// All slots of the node must be complete. Other ranks' parts of the result are not complete on return.
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
            barrier.wait()  // where node sizes differ, an owner reads what other ranks of its node hold
            audit?.checkNodeSums(outputs)
        }
        try audit?.promiseMessages(transfers, in: world)
        try transfers.run(in: world, sending: base, receiving: received.pointer)
        audit?.checkMessages(transfers, received: received.pointer)
        let seconds = audit?.secondWorldSums(worldStretch)
        worldRun.run(blockSums: blockSums)
        if let audit, let seconds { audit.checkWorldSums(seconds, outputs[0]) }
    }
}

/// Floats at a 64-byte boundary, freed with their last owner.
private final class FloatBuffer {
    let pointer: UnsafeMutablePointer<Float>

    init(count: Int) {
        pointer = UnsafeMutableRawPointer.allocate(byteCount: max(count * 4, 64), alignment: 64)
            .bindMemory(to: Float.self, capacity: count)
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
