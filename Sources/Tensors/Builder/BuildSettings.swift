/// Which gradients the ranks of a node compute together. That of a table of token vectors each rank computes for its tokens.
public enum GradientSharing: Sendable {
    case none
    /// Those of the recurrent layers.
    case recurrent
    /// Those of the output as well.
    case all
}

/// What a model is built for: everything but its shape that decides how much memory it takes, and where.
public struct BuildSettings: Sendable {
    public var capacity: WindowCapacity
    public var precision: Precision
    public var sharing: GradientSharing
    /// Whether other ranks of the node share memory with this one.
    public var sharesMemory: Bool
    /// How the ranks of a team divide the units of the recurrent layers; nil without a team.
    public var division: UnitDivision?

    public init(
        _ capacity: WindowCapacity, precision: Precision = .fp32, sharing: GradientSharing = .none, sharesMemory: Bool = false,
        division: UnitDivision? = nil
    ) {
        self.capacity = capacity
        self.precision = precision
        self.sharing = sharing
        self.sharesMemory = sharesMemory
        self.division = division
    }
}

/// What a model takes, as measured.
public struct ModelNeeds: Sendable {
    /// Names, shapes and places of the parameters.
    public internal(set) var parameters = ParameterLayout()
    /// Elements at the start of the arena of a table of which a step uses few rows.
    public internal(set) var sparseCount = 0
    /// Elements whose gradients the ranks of a node compute together.
    public internal(set) var dividedElements = 0..<0
    /// The packed weights, in the order in which layers asked for them.
    public internal(set) var operands: [PackedOperand] = []
    public internal(set) var precision = Precision.fp32
    /// The most columns of a weight with a gradient.
    public internal(set) var widestInput = 0
    /// What the ranks of a node share of their windows.
    public internal(set) var sharedParts: [SharedRows.Part] = []
    /// What a team of ranks shares; nil for a model that does not divide its units.
    public internal(set) var team: TeamNeeds?
    /// The states that are carried from window to window and kept in checkpoints: names, and columns of `[B, columns]`.
    public internal(set) var states: [(name: String, columns: Int)] = []
    /// Bytes of a rank's activations, caches and scratch, without what ranks share.
    public internal(set) var byteCount = 0

    public init() {}

    /// The weights, packed.
    public var packed: PackedLayout { PackedLayout(operands, of: parameters, precision: precision) }

    /// Floating-point operations of the forward products for one token.
    public var forwardOperationsPerToken: Double {
        let forward = operands.lazy.filter { $0.form == .forward }
        return forward.reduce(0) { $0 + 2 * Double($1.rows.count * parameters.entry(named: $1.name)!.shape[1]) }
    }

    /// Floats that the ranks of a node share of windows of so many steps, for shards of so many streams.
    public func sharedCount(steps: Int, streamsOfShards: [Range<Int>]) -> Int {
        var rows = SharedRows(maximumSteps: steps, streamsOfShards: streamsOfShards, precision: precision)
        for part in sharedParts { rows.place(part) }
        return rows.count
    }
}

/// What a team of ranks needs.
public struct TeamNeeds: Sendable {
    /// Floats that its ranks share, for each of their streams.
    public internal(set) var floatsPerStream: Int
    /// The most ranks that it should have.
    public internal(set) var mostMembers: Int
}
