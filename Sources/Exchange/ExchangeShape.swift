public import Tensors

/// The sizes of an exchange; the same on all ranks.
public struct ExchangeShape: Sendable, Equatable {
    /// P, the number of elements of the parameter arena; a multiple of 16.
    public var elementCount: Int
    /// S, the number of shards of the run; at least the number of ranks.
    public var shardCount: Int
    /// The number of doubles that each shard reports in a step, such as its loss and its token count.
    public var scalarsPerShard: Int
    /// The number of floats that the ranks of a node share for packed weights.
    public var packedCount: Int
    /// The tables of which a step uses few rows, in the order of the arena. Each rank names the rows for which it has gradients
    /// (`GradientExchange.setRows`); the exchange sums these rows only.
    public var sparseTables: [SparseTable]
    /// For each shard, the number of floats of its forward and backward pass that the ranks of its node share. From them each rank computes its
    /// part of the node's gradients of `dividedElements`.
    public var sharedRowCounts: [Int]
    /// The elements whose gradients the ranks of a node compute jointly: each rank computes some of them, summed over the shards of all ranks of
    /// the node (`GradientExchange.nodePartials`). Both bounds are multiples of 16, and the range contains no sparse elements. In a node
    /// of one rank, that rank computes all of them.
    public var dividedElements: Range<Int>
    /// The teams in which the ranks of a node compute a step together; nil for no teams.
    public var teams: TeamShape?

    public init(
        elementCount: Int, shardCount: Int, scalarsPerShard: Int = 0, packedCount: Int = 0,
        sparseTables: [SparseTable] = [], sharedRowCounts: [Int] = [], dividedElements: Range<Int> = 0..<0,
        teams: TeamShape? = nil
    ) {
        precondition(
            zip(sparseTables, sparseTables.dropFirst()).allSatisfy { $0.elements.upperBound <= $1.elements.lowerBound }
                && sparseTables.last?.elements.upperBound ?? 0 <= elementCount, "sparse tables \(sparseTables)")
        precondition(elementCount > 0 && elementCount % 16 == 0, "\(elementCount) elements: not a positive multiple of 16")
        precondition(shardCount > 0, "\(shardCount) shards")
        precondition(scalarsPerShard >= 0, "\(scalarsPerShard) scalars a shard")
        precondition(
            dividedElements.isEmpty
                || dividedElements.upperBound <= elementCount
                    && !sparseTables.contains { $0.elements.overlaps(dividedElements) }
                    && dividedElements.lowerBound % 16 == 0 && dividedElements.upperBound % 16 == 0,
            "elements \(dividedElements) are divided")
        precondition(
            dividedElements.isEmpty || sharedRowCounts.count == shardCount, "\(sharedRowCounts.count) shards share their rows")
        self.sharedRowCounts = sharedRowCounts
        self.dividedElements = dividedElements
        self.elementCount = elementCount
        self.shardCount = shardCount
        self.scalarsPerShard = scalarsPerShard
        self.packedCount = packedCount
        self.sparseTables = sparseTables
        self.teams = teams
    }

    /// The end of the last sparse table; 0 if there is none.
    var sparseEnd: Int { sparseTables.last?.elements.upperBound ?? 0 }

    /// The shards of a rank: contiguous, of sizes that differ by at most one. Not empty, as there are at least as many shards as ranks.
    public func shards(of rank: Int, of rankCount: Int) -> Range<Int> {
        Self.part(rank, of: rankCount, in: shardCount)
    }

    /// The shards of a range of ranks.
    public func shards(ofRanks ranks: Range<Int>, of rankCount: Int) -> Range<Int> {
        shards(of: ranks.lowerBound, of: rankCount).lowerBound..<shards(of: ranks.upperBound - 1, of: rankCount).upperBound
    }

    /// Part `index` of `0..<count`, divided into `partCount` parts whose sizes differ by at most one.
    static func part(_ index: Int, of partCount: Int, in count: Int) -> Range<Int> {
        (index * count / partCount)..<((index + 1) * count / partCount)
    }
}
