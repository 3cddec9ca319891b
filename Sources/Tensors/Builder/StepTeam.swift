/// How the ranks of a team divide the steps of a recurrence: each rank computes some hidden units, for the streams of all ranks.
///
/// A step's product has few rows, so its time is about the time to read the recurrent weights. If each rank works on its own
/// streams, it reads all weights at every step. If each rank works on its own units, it reads only their weights, which may stay
/// in the core's cache between steps. Every output is the same chain of multiply-adds on any rank, so the bits do not depend on
/// the division.
public struct UnitDivision: Sendable, Equatable {
    /// Streams of all ranks of the team.
    public let streams: Int
    /// The streams of this rank.
    public let ownStreams: Range<Int>
    /// This rank's number in the team.
    public let member: Int
    /// Ranks of the team.
    public let memberCount: Int

    public init(streams: Int, ownStreams: Range<Int>, member: Int, memberCount: Int) {
        precondition(ownStreams.upperBound <= streams && member < memberCount, "member \(member) of \(memberCount)")
        self.streams = streams
        self.ownStreams = ownStreams
        self.member = member
        self.memberCount = memberCount
    }

    /// The units of this rank: whole panels, except for the last rank. May be empty.
    public func units(of hiddenSize: Int) -> Range<Int> {
        let panels = Self.panelCount(hiddenSize)
        let first = member * panels / memberCount * PackedMatrix.panelWidth
        let end = (member + 1) * panels / memberCount * PackedMatrix.panelWidth
        return min(first, hiddenSize)..<min(end, hiddenSize)
    }

    /// The largest useful number of ranks of a team: each rank has at least two panels of units.
    public static func mostMembers(hiddenSize: Int) -> Int { max(1, panelCount(hiddenSize) / 2) }

    private static func panelCount(_ hiddenSize: Int) -> Int {
        (hiddenSize + PackedMatrix.panelWidth - 1) / PackedMatrix.panelWidth
    }
}

/// All ranks of a node, or some of them, which compute the steps of a recurrence jointly.
public struct StepTeam {
    /// The hidden units of each rank.
    public let division: UnitDivision
    /// Memory shared by the ranks of the team: at least `StepRing.count` floats, initially zero.
    public let shared: UnsafeMutableBufferPointer<Float>
    /// A barrier over the ranks of the team. After it, each rank sees what the others wrote before it.
    public let barrier: () -> Void

    public init(division: UnitDivision, shared: UnsafeMutableBufferPointer<Float>, barrier: @escaping () -> Void) {
        self.division = division
        self.shared = shared
        self.barrier = barrier
    }
}
