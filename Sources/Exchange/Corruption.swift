public import Communication

/// Bits that have changed by themselves, as the ranks found and agreed on them.
public struct Corruption: Sendable, Equatable {
    /// What is not as it must be.
    public enum Kind: Int32, Sendable {
        /// A rank computed its partial gradient twice, with different results: it, or another of its node.
        case computation = 1
        /// A partial gradient changed between its making and the sum.
        case partial
        /// A sum of gradients came out differently when it was made twice.
        case sum
        /// A message arrived with other bits than it was sent with.
        case message
        /// Parameters or moments changed between two updates.
        case parameters
        /// Two nodes have different parameters.
        case copy
        /// What a node made of its parameters no longer belongs to them.
        case derived
    }

    public let kind: Kind
    /// The rank whose data it is.
    public let rank: Int

    public init(kind: Kind, rank: Int) {
        self.kind = kind
        self.rank = rank
    }

    /// The corruption that the lowest rank of those that found one found; the same on all ranks. Collective.
    public static func agreed(_ own: Corruption?, in world: World) throws(CommunicationError) -> Corruption? {
        let all = try world.allgather([own?.kind.rawValue ?? 0, Int32(own?.rank ?? 0)])
        for index in stride(from: 0, to: all.count, by: 2) {
            if let kind = Kind(rawValue: all[index]) { return Corruption(kind: kind, rank: Int(all[index + 1])) }
        }
        return nil
    }
}
