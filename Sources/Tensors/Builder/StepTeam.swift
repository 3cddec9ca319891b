/// How ranks divide the steps of a recurrence among them: each works on some hidden units, for the streams of all.
///
/// A step's product has few rows and takes about as long as reading the recurrent weights. Ranks that work on their own streams read all
/// weights each, at every step; ranks that work on units of their own read their part, which a core's cache may hold from step to step.
/// An output is the same chain of multiply-adds whoever makes it, so that the bits do not depend on the division.
public struct UnitDivision: Sendable, Equatable {
    /// Streams of all ranks of the team.
    public let streams: Int
    /// This rank's streams among them.
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

    /// This rank's part of `hiddenSize` units, in whole panels but for the last; may be empty.
    public func units(of hiddenSize: Int) -> Range<Int> {
        let panels = Self.panelCount(hiddenSize)
        let first = member * panels / memberCount * PackedMatrix.panelWidth
        let end = (member + 1) * panels / memberCount * PackedMatrix.panelWidth
        return min(first, hiddenSize)..<min(end, hiddenSize)
    }

    /// The most ranks that a team should have: each with two panels of units at least.
    public static func mostMembers(hiddenSize: Int) -> Int { max(1, panelCount(hiddenSize) / 2) }

    private static func panelCount(_ hiddenSize: Int) -> Int {
        (hiddenSize + PackedMatrix.panelWidth - 1) / PackedMatrix.panelWidth
    }
}

/// The ranks of a node, or some of them, that work on the steps of a recurrence together.
public struct StepTeam {
    public let division: UnitDivision
    /// Memory of all its ranks, `StepRing.count` floats or more; zero at first.
    public let shared: UnsafeMutableBufferPointer<Float>
    /// Waits until every rank of the team has called it; what was written before is seen by all afterwards.
    public let meet: () -> Void

    public init(division: UnitDivision, shared: UnsafeMutableBufferPointer<Float>, meet: @escaping () -> Void) {
        self.division = division
        self.shared = shared
        self.meet = meet
    }
}
