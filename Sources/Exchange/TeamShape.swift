/// The teams that the ranks of a node form: see `NodeTeam`.
public struct TeamShape: Sendable, Equatable {
    /// Floats that the ranks of a team share.
    public var floatCount: Int
    /// The most ranks of a team; a node of more forms several.
    public var mostMembers: Int
    /// The fewest ranks of a node that forms any, 2 or more.
    public var fewestRanks: Int
    /// Whether ranks that share cores form teams however unevenly.
    public var onAnyCores: Bool

    public init(floatCount: Int, mostMembers: Int, fewestRanks: Int, onAnyCores: Bool) {
        precondition(mostMembers > 0, "teams of \(mostMembers) ranks")
        self.floatCount = floatCount
        self.mostMembers = mostMembers
        self.fewestRanks = max(2, fewestRanks)
        self.onAnyCores = onAnyCores
    }

    /// The ranks of each team of a node, as even as they go; a rank that would be alone is in none.
    public func teams(of node: Range<Int>) -> [Range<Int>] {
        guard node.count >= fewestRanks else { return [] }
        let count = (node.count + mostMembers - 1) / mostMembers
        return (0..<count).map { index in
            let part = ExchangeShape.part(index, of: count, in: node.count)
            return (node.lowerBound + part.lowerBound)..<(node.lowerBound + part.upperBound)
        }.filter { $0.count > 1 }
    }
}
