internal import Communication
public import Failures

/// Memory that could not be had.
public enum ExchangeError: UserFacingError {
    /// The folder that backs shared windows has too little room for this host's.
    case backingStoreTooSmall(folder: String, needed: Int, available: Int)
    /// The system refused memory when it was first touched.
    case memoryRefused(byteCount: Int)

    public var exitStatus: ExitStatus { .fault }

    public var description: String {
        switch self {
        case .backingStoreTooSmall(let folder, let needed, let available):
            """
            the ranks need \(megabytes(needed)) of shared memory in \(folder), which has \(available / 1_000_000) MB free \
            (in a container give --shm-size; OMPI_MCA_osc_sm_backing_directory names another folder)
            """
        case .memoryRefused(let byteCount):
            "the system refused \(megabytes(byteCount)) of memory for parameters and gradients"
        }
    }
}

/// Bytes as text, in units of 10^6 bytes, rounded up.
private func megabytes(_ byteCount: Int) -> String { "\((byteCount + 999_999) / 1_000_000) MB" }

/// The memory of one node, laid out and touched.
struct NodeMemory {
    let plan: ExchangePlan
    let group: NodeGroup
    let window: SharedWindow

    /// What Open MPI puts into the backing folder for each rank, and fills as messages come.
    static let libraryByteCount = 4 << 20

    /// Memory by the transport asked for; where a window cannot be had, messages, with a notice that says why. Collective.
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
                notice = "Exchanging by messages instead of a shared window: \(failure.message)."
            }
        }
        return (try NodeMemory(world: world, plan: plan(world: world, shape: shape, nodeSize: 1)), notice)
    }

    private static func plan(world: World, shape: ExchangeShape, nodeSize: Int?) -> ExchangePlan {
        let topology = NodeTopology(hosts: world.hosts, nodeSize: nodeSize, rank: world.rank)
        return ExchangePlan(shape: shape, topology: topology, rank: world.rank)
    }

    /// Asked by the first rank of each host, for all its nodes: a file that outgrows its store ends in a SIGBUS, not in an error.
    private static func checkBackingStore(world: World, plan: ExchangePlan) throws {
        guard let host = world.hosts.first(where: { $0.lowerBound == world.rank }) else { return }
        let nodes = plan.topology.nodes.filter { $0.count > 1 && host.contains($0.lowerBound) }
        let needed = nodes.reduce(0) { total, node in
            let topology = plan.topology.seen(from: node.lowerBound)
            let seen = ExchangePlan(shape: plan.shape, topology: topology, rank: node.lowerBound)
            return total + seen.layout.byteCount + node.count * Self.libraryByteCount
        }
        let (folder, available) = SharedWindow.backingStore
        if let available, needed > available, !nodes.isEmpty {
            throw ExchangeError.backingStoreTooSmall(folder: folder, needed: needed, available: available)
        }
    }

    private init(world: World, plan: ExchangePlan) throws {
        let group = try NodeGroup(of: world, colour: plan.topology.nodeIndex)
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

    /// The bytes this rank writes most: its slots and the parameters it holds; of what is derived and of the rows that are shared a part; and
    /// for local rank 0 what is small and everybody's.
    private static func ownParts(_ plan: ExchangePlan) -> [Range<Int>] {
        var parts = plan.layout.slotsOfLocalRank[plan.topology.localRank].flatMap(plan.layout.usedPages)
        // Blocks are whole pages, but for the last one.
        let held = plan.heldElements
        parts.append(
            (plan.layout.parameters + held.lowerBound * 4)..<(plan.layout.parameters + NodeLayout.pages(held.upperBound * 4)))
        parts.append(derivedPart(plan))
        parts.append(evenPart(plan, of: plan.layout.sharedRowCount, at: plan.layout.sharedRows))
        if plan.topology.localRank == 0 {
            parts.append(0..<plan.layout.parameters)
            parts.append((plan.layout.liveMaps.first ?? plan.layout.bulletins[0])..<plan.layout.byteCount)
        }
        return parts
    }

    /// Clears this rank's part of what is derived.
    func clearDerivedPart() {
        let part = Self.derivedPart(plan)
        (window.base + part.lowerBound).initializeMemory(as: UInt8.self, repeating: 0, count: part.count)
    }

    /// An even part of the pages of what is derived.
    private static func derivedPart(_ plan: ExchangePlan) -> Range<Int> {
        evenPart(plan, of: plan.shape.derivedCount, at: plan.layout.derived)
    }

    /// An even part of the pages of `floatCount` floats.
    private static func evenPart(_ plan: ExchangePlan, of floatCount: Int, at first: Int?) -> Range<Int> {
        guard let first else { return 0..<0 }
        let pages = NodeLayout.pages(floatCount * 4) / NodeLayout.pageSize
        let part = ExchangeShape.part(plan.topology.localRank, of: plan.node.count, in: pages)
        return (first + part.lowerBound * NodeLayout.pageSize)..<(first + part.upperBound * NodeLayout.pageSize)
    }
}
