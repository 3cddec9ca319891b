internal import Communication

/// The memory of one node. On return from `init`, each rank has touched its part, so its pages are near the rank's core.
struct NodeMemory {
    let plan: ExchangePlan
    let group: Communicator
    let window: SharedWindow

    /// Bytes that Open MPI allocates in the backing folder for each rank, and fills as messages arrive.
    static let libraryByteCount = 4 << 20

    /// Memory for the requested transport. If a shared window is not possible, falls back to messages; the notice gives the reason. Collective.
    static func acquire(
        world: World, shape: ExchangeShape, transport: ExchangeTransport, nodeSize: Int?
    ) throws -> (memory: NodeMemory, notice: String?) {
        var notice: String?
        if transport == .window {
            let plan = plan(world: world, shape: shape, nodeSize: nodeSize)
            do {
                try world.agree { try checkBackingStore(world: world, plan: plan) }
                return (try NodeMemory(world: world, plan: plan), nil)
            } catch let failure as RemoteFailure {
                if plan.topology.nodes.count == world.rankCount { throw failure }
                notice = "exchanging messages instead of using a shared window: \(failure.message)."
            }
        }
        return (try NodeMemory(world: world, plan: plan(world: world, shape: shape, nodeSize: 1)), notice)
    }

    private static func plan(world: World, shape: ExchangeShape, nodeSize: Int?) -> ExchangePlan {
        let topology = NodeTopology(hosts: world.hosts, nodeSize: nodeSize, rank: world.rank)
        return ExchangePlan(shape: shape, topology: topology, rank: world.rank)
    }

    /// Throws if the backing folder is missing, is not writable or has too little space. The first rank of each host checks for all nodes of
    /// the host.
    ///
    /// Without this check, the allocation fails on some ranks only, or uses a folder that is not checked, and writing to a page that the
    /// folder cannot hold raises SIGBUS instead of an error.
    private static func checkBackingStore(world: World, plan: ExchangePlan) throws {
        guard let host = world.hosts.first(where: { $0.lowerBound == world.rank }) else { return }
        let nodes = plan.topology.nodes.filter { $0.count > 1 && host.contains($0.lowerBound) }
        guard !nodes.isEmpty else { return }
        let (folder, available) = SharedWindow.backingStore
        guard SharedWindow.backingStoreIsWritable else { throw ExchangeError.backingStoreNotWritable(folder: folder) }
        let needed = nodes.reduce(0) { total, node in
            let topology = plan.topology.seen(from: node.lowerBound)
            let seen = ExchangePlan(shape: plan.shape, topology: topology, rank: node.lowerBound)
            return total + seen.layout.byteCount + node.count * Self.libraryByteCount
        }
        if let available, needed > available {
            throw ExchangeError.backingStoreTooSmall(folder: folder, needed: needed, available: available)
        }
    }

    private init(world: World, plan: ExchangePlan) throws {
        let group = try Communicator(of: world, colour: plan.topology.nodeIndex)
        let window = try SharedWindow(in: group, byteCount: plan.layout.byteCount)
        try world.agree {
            for part in Self.ownParts(plan) {
                guard window.populate(part) else { throw ExchangeError.memoryRefused(byteCount: plan.layout.byteCount) }
            }
        }
        self.plan = plan
        self.group = group
        self.window = window
    }

    /// The byte ranges that this rank touches first: its slots, the parameters that it holds, and an equal part of the packed weights and of the
    /// shared rows. Local rank 0 also touches the small parts that all ranks use.
    private static func ownParts(_ plan: ExchangePlan) -> [Range<Int>] {
        var parts = plan.layout.slotsOfLocalRank[plan.topology.localRank].flatMap(plan.layout.usedPages)
        // Blocks are whole pages, except for the last one.
        let held = plan.heldElements
        parts.append(
            (plan.layout.parameters + held.lowerBound * 4)..<(plan.layout.parameters + NodeLayout.pages(held.upperBound * 4)))
        parts.append(packedPart(plan))
        parts.append(evenPart(plan, of: plan.layout.sharedRowCount, at: plan.layout.sharedRows))
        if plan.topology.localRank == 0 {
            parts.append(0..<plan.layout.parameters)
            parts.append((plan.layout.liveMaps.first ?? plan.layout.recordBuffers[0])..<plan.layout.byteCount)
        }
        return parts
    }

    /// Zeroes this rank's part of the packed weights.
    func clearPackedPart() {
        let part = Self.packedPart(plan)
        (window.base + part.lowerBound).initializeMemory(as: UInt8.self, repeating: 0, count: part.count)
    }

    /// This rank's part of the pages of the packed weights.
    private static func packedPart(_ plan: ExchangePlan) -> Range<Int> {
        evenPart(plan, of: plan.shape.packedCount, at: plan.layout.packedWeights)
    }

    /// This rank's equal part of the pages of `floatCount` floats, which start at byte offset `first`.
    private static func evenPart(_ plan: ExchangePlan, of floatCount: Int, at first: Int?) -> Range<Int> {
        guard let first else { return 0..<0 }
        let pages = NodeLayout.pages(floatCount * 4) / NodeLayout.pageSize
        let part = ExchangeShape.part(plan.topology.localRank, of: plan.node.count, in: pages)
        return (first + part.lowerBound * NodeLayout.pageSize)..<(first + part.upperBound * NodeLayout.pageSize)
    }
}
