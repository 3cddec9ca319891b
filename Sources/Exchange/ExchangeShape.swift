internal import Tensors

/// How ranks exchange: by one window of shared memory a node, or by messages alone.
public enum ExchangeTransport: String, Sendable, CaseIterable {
    /// The ranks of a node share one window; messages go between nodes only.
    case window
    /// Every rank has memory of its own.
    case messages
}

/// What is exchanged, the same on all ranks.
public struct ExchangeShape: Sendable, Equatable {
    /// P: elements of the parameter arena, a multiple of 16.
    public var elementCount: Int
    /// S: shards of the run, no fewer than there are ranks.
    public var shardCount: Int
    /// Doubles that each shard adds to a step: its loss, its token count and so on.
    public var scalarsPerShard: Int
    /// Floats that the ranks of a node share besides, for what is made of the parameters.
    public var derivedCount: Int
    /// Elements at the start of the arena, of a table of which a step uses few rows: each rank tells the rows that it has gradients
    /// for (`GradientExchange.setRows`), and only those are added up.
    public var sparseCount: Int
    /// For each shard the floats that the ranks of its node share of its windows, from which each makes its part of the node's gradients.
    public var sharedRowCounts: [Int]
    /// Elements for which the ranks of a node give the sums over the shards of all of them, each rank some of the elements
    /// (`GradientExchange.nodePartials`); from a multiple of 16 to a multiple of 16, behind the sparse elements. A rank alone gives its own.
    public var dividedElements: Range<Int>
    /// The teams that the ranks of a node form to work on a step together; nil where none do.
    public var teams: TeamShape?

    public init(
        elementCount: Int, shardCount: Int, scalarsPerShard: Int = 0, derivedCount: Int = 0, sparseCount: Int = 0,
        sharedRowCounts: [Int] = [], dividedElements: Range<Int> = 0..<0, teams: TeamShape? = nil
    ) {
        precondition(sparseCount <= elementCount, "\(sparseCount) of \(elementCount) elements are sparse")
        precondition(elementCount > 0 && elementCount % 16 == 0, "\(elementCount) elements: not a positive multiple of 16")
        precondition(shardCount > 0, "\(shardCount) shards")
        precondition(scalarsPerShard >= 0, "\(scalarsPerShard) scalars a shard")
        precondition(
            dividedElements.isEmpty
                || dividedElements.lowerBound >= sparseCount && dividedElements.upperBound <= elementCount
                    && dividedElements.lowerBound % 16 == 0 && dividedElements.upperBound % 16 == 0,
            "elements \(dividedElements) are divided")
        precondition(
            dividedElements.isEmpty || sharedRowCounts.count == shardCount, "\(sharedRowCounts.count) shards share their rows")
        self.sharedRowCounts = sharedRowCounts
        self.dividedElements = dividedElements
        self.elementCount = elementCount
        self.shardCount = shardCount
        self.scalarsPerShard = scalarsPerShard
        self.derivedCount = derivedCount
        self.sparseCount = sparseCount
        self.teams = teams
    }

    /// The shards of a rank: contiguous, as even as they go, never empty as long as there are no more ranks than shards.
    public func shards(of rank: Int, of rankCount: Int) -> Range<Int> {
        Self.part(rank, of: rankCount, in: shardCount)
    }

    /// The shards of neighbouring ranks.
    public func shards(ofRanks ranks: Range<Int>, of rankCount: Int) -> Range<Int> {
        shards(of: ranks.lowerBound, of: rankCount).lowerBound..<shards(of: ranks.upperBound - 1, of: rankCount).upperBound
    }

    /// Part `index` of `0..<count`, cut into `partCount` parts as even as they go.
    static func part(_ index: Int, of partCount: Int, in count: Int) -> Range<Int> {
        (index * count / partCount)..<((index + 1) * count / partCount)
    }
}

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
