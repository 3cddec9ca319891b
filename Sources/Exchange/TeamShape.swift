/// The sizes of the teams in which the ranks of a node compute a step together; see `NodeTeam`.
public struct TeamShape: Sendable, Equatable {
    /// The number of floats that the ranks of a team share.
    public var floatCount: Int
    /// The maximum number of ranks of a team. A node with more ranks forms several teams.
    public var mostMembers: Int
    /// The minimum number of ranks of a node that forms teams; at least 2.
    public var fewestRanks: Int
    /// Whether ranks that share cores unevenly form teams.
    public var onAnyCores: Bool

    public init(floatCount: Int, mostMembers: Int, fewestRanks: Int, onAnyCores: Bool) {
        precondition(mostMembers > 0, "teams of \(mostMembers) ranks")
        self.floatCount = floatCount
        self.mostMembers = mostMembers
        self.fewestRanks = max(2, fewestRanks)
        self.onAnyCores = onAnyCores
    }

    /// The ranks of each team of a node. Team sizes differ by at most one, and a rank that would be alone is in no team.
    public func teams(of node: Range<Int>) -> [Range<Int>] {
        guard node.count >= fewestRanks else { return [] }
        let count = (node.count + mostMembers - 1) / mostMembers
        return (0..<count).map { index in
            let part = ExchangeShape.part(index, of: count, in: node.count)
            return (node.lowerBound + part.lowerBound)..<(node.lowerBound + part.upperBound)
        }.filter { $0.count > 1 }
    }
}
