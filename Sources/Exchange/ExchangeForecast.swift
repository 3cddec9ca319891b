internal import Communication
internal import Tensors

/// Memory and traffic of an exchange, computed from its shape and the hosts of the ranks. Allocates nothing and communicates with no rank.
public struct ExchangeForecast: Sendable {
    /// The ranks of each node. With the transport `messages`, each node has one rank.
    public let nodes: [Range<Int>]
    /// Bytes of each node's shared memory that its ranks touch.
    public let nodeByteCounts: [Int]
    private let windowByteCounts: [Int]  // of each node's window, including the pages that no rank touches
    /// Bytes of each rank's private receive buffer.
    public let receiveByteCounts: [Int]
    /// The number of elements that each rank updates.
    public let ownedCounts: [Int]
    /// Bytes that all ranks together read and write in a step to sum partial gradients.
    public let addedByteCountPerStep: Int
    /// Bytes that all ranks together send to other nodes in a step.
    public let sentByteCountPerStep: Int

    /// A forecast for the ranks of `hosts`, divided into nodes as in `GradientExchange`.
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

    /// Bytes that a host needs in the folder that backs shared windows: the windows of its nodes and the files of Open MPI.
    public func backingByteCount(ofHost host: Range<Int>) -> Int {
        zip(nodes, windowByteCounts).reduce(0) { total, node in
            guard node.0.count > 1, host.contains(node.0.lowerBound) else { return total }
            return total + node.1 + node.0.count * NodeMemory.libraryByteCount
        }
    }
}

extension ExchangePlan {
    /// Bytes that this rank sends to other nodes in a step: partial sums, step records, parameters.
    var sentByteCountPerStep: Int {
        partialTransfers().sentByteCount + recordTransfers(withBlockSums: true).sentByteCount
            + parameterTransfers().sentByteCount
    }
}
