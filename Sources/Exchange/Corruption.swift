public import Communication

/// A silent data corruption: bits that changed without an error from the hardware. All ranks agree on it.
public struct Corruption: Sendable, Equatable {
    /// The data that is wrong.
    public enum Kind: Int32, Sendable {
        /// Two computations of a partial gradient gave different results, on this rank or on another rank of its node.
        case computation = 1
        /// A partial gradient changed after its computation and before the sum.
        case partial
        /// Two computations of a sum of gradients gave different results.
        case sum
        /// The bits of a message changed between the sender and the receiver.
        case message
        /// Parameters or moments changed between two updates.
        case parameters
        /// Two nodes have different parameters.
        case copy
        /// The packed weights of a node do not match its parameters.
        case packedWeights
    }

    /// What differs.
    public let kind: Kind
    /// The rank whose data is wrong.
    public let rank: Int

    public init(kind: Kind, rank: Int) {
        self.kind = kind
        self.rank = rank
    }

    /// The corruption that the lowest rank reports, on all ranks; nil if no rank reports one. Collective.
    public static func agreed(_ own: Corruption?, in world: World) throws(CommunicationError) -> Corruption? {
        let all = try world.allgather([own?.kind.rawValue ?? 0, Int32(own?.rank ?? 0)])
        for index in stride(from: 0, to: all.count, by: 2) {
            if let kind = Kind(rawValue: all[index]) { return Corruption(kind: kind, rank: Int(all[index + 1])) }
        }
        return nil
    }
}
