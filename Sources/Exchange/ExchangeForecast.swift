internal import Communication
internal import Tensors

/// What an exchange takes and moves, from its shape and the places of the ranks alone: nothing is allocated, and no rank is asked.
public struct ExchangeForecast: Sendable {
    /// The ranks of each node: of one rank each where the transport is messages.
    public let nodes: [Range<Int>]
    /// Bytes of each node's memory, which its ranks share, as far as it is ever touched.
    public let nodeByteCounts: [Int]
    private let windowByteCounts: [Int]  // of each node's memory as it is laid out
    /// Bytes that each rank receives into, of its own.
    public let receiveByteCounts: [Int]
    /// Elements that each rank updates.
    public let ownedCounts: [Int]
    /// Bytes that all ranks read and write inside their nodes to add partial gradients, at a step.
    public let addedByteCountPerStep: Int
    /// Bytes that all ranks send to other nodes, at a step.
    public let sentByteCountPerStep: Int

    /// For the ranks of `hosts`, cut into nodes as `GradientExchange` does it.
    public init(shape: ExchangeShape, hosts: [Range<Int>], transport: ExchangeTransport = .window, nodeSize: Int? = nil) {
        let topology = NodeTopology(hosts: hosts, nodeSize: transport == .window ? nodeSize : 1, rank: 0)
        let plans = (0..<hosts.last!.upperBound).map {
            ExchangePlan(shape: shape, topology: topology.seen(from: $0), rank: $0)
        }
        let counters = plans.map { ExchangeCounters(plan: $0, betweenNodes: $0.sentByteCountPerStep) }
        nodes = topology.nodes
        nodeByteCounts = topology.nodes.map { plans[$0.lowerBound].layout.touchedByteCount }
        windowByteCounts = topology.nodes.map { plans[$0.lowerBound].layout.byteCount }
        receiveByteCounts = zip(plans, counters).map { $1.memoryByteCount - $0.layout.touchedByteCount }
        ownedCounts = plans.map { $0.ownedElements.count }
        addedByteCountPerStep = counters.reduce(0) { $0 + $1.addedByteCountPerStep }
        sentByteCountPerStep = counters.reduce(0) { $0 + $1.sentByteCountPerStep }
    }

    /// Bytes that the shared windows of a host's nodes take in the folder that backs them, with what Open MPI puts there.
    public func backingByteCount(ofHost host: Range<Int>) -> Int {
        zip(nodes, windowByteCounts).reduce(0) { total, node in
            guard node.0.count > 1, host.contains(node.0.lowerBound) else { return total }
            return total + node.1 + node.0.count * NodeMemory.libraryByteCount
        }
    }
}

extension ExchangePlan {
    /// Bytes that this rank sends to other nodes at a step: partial sums, records, parameters.
    var sentByteCountPerStep: Int {
        partialTransfers().sentByteCount + bulletinTransfers(withBlockSums: true).sentByteCount
            + parameterTransfers().sentByteCount
    }
}
