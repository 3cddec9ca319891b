/// Which gradients the ranks of a node compute jointly. The gradient of a token table is never joint: each rank computes it for
/// its own tokens.
public enum GradientSharing: Sendable {
    case none
    /// The gradients of the recurrent layers.
    case recurrent
    /// The gradients of the recurrent layers and of the output layer.
    case all
}

/// Everything except the model's shape that decides how much memory the model takes, and where.
public struct BuildSettings: Sendable {
    /// The largest window.
    public var capacity: WindowCapacity
    public var precision: Precision
    public var sharing: GradientSharing
    /// Whether other ranks of the node share memory with this rank.
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

/// What a model needs, as measured by `Builder.measure`.
public struct ModelNeeds: Sendable {
    /// Names, shapes and offsets of the parameters.
    public internal(set) var parameters = ParameterLayout()
    /// The tables of which a step uses few rows, in the order of the arena.
    public internal(set) var sparseTables: [SparseTable] = []
    /// Elements whose gradients the ranks of a node compute jointly.
    public internal(set) var dividedElements = 0..<0
    /// The packed weights, in the order in which layers asked for them.
    public internal(set) var operands: [PackedOperand] = []
    /// The number of operands of the layers below the output layer, which come first; nil for a part of a model without an output layer.
    var layerOperandCount: Int?
    /// The number format of the packed weights.
    public internal(set) var precision = Precision.fp32
    /// The rows that a layer has for each row of a window, at most; at least 1. Gradients need scratch for so many.
    public internal(set) var rowsPerPrediction = 1
    /// The largest number of columns of a weight that has a gradient.
    public internal(set) var widestInput = 0
    /// The parts of a window's buffers that the ranks of a node share.
    public internal(set) var sharedParts: [SharedRows.Part] = []
    /// What a team of ranks shares; nil for a model that does not divide its units.
    public internal(set) var team: TeamNeeds?
    /// The states that are carried from window to window and saved in checkpoints: names, and columns of `[B, columns]`.
    public internal(set) var states: [(name: String, columns: Int)] = []
    /// Bytes of a rank's activations, caches and scratch, without shared memory.
    public internal(set) var byteCount = 0

    public init() {}

    /// The layout of the packed weights.
    public var packed: PackedLayout { PackedLayout(operands, of: parameters, precision: precision) }

    /// The number of weights below the output layer that each token is multiplied with, once each.
    public var layerWeightCount: Int {
        let forward = operands.prefix(layerOperandCount ?? operands.count).lazy.filter { $0.form == .forward }
        return forward.reduce(0) { $0 + $1.rows.count * parameters.entry(named: $1.name)!.shape[1] }
    }

    /// The number of floats that the ranks of a node share, for windows of `steps` steps and the given streams of each shard.
    public func sharedCount(steps: Int, streamsOfShards: [Range<Int>]) -> Int {
        var rows = SharedRows(maximumSteps: steps, streamsOfShards: streamsOfShards, precision: precision)
        for part in sharedParts { rows.place(part) }
        return rows.count
    }
}

/// What a team of ranks needs.
public struct TeamNeeds: Sendable {
    /// Floats of shared memory for each stream of the team.
    public internal(set) var floatsPerStream: Int
    /// The largest useful number of ranks of the team.
    public internal(set) var mostMembers: Int
}
