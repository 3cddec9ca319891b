internal import Communication

/// Ranks of a node that share some memory of their own and meet inside a step: a node's, or some of them where it has many.
///
/// Ends with the exchange that made it.
public final class NodeTeam {
    /// The ranks of the team.
    public let ranks: Range<Int>
    /// `TeamShape.floatCount` floats, zero at first.
    public let shared: UnsafeMutableBufferPointer<Float>
    /// Nanoseconds this rank has waited for others of the team.
    public var waitedNanoseconds: Int64 { barrier.waitedNanoseconds }

    private let group: Communicator
    private var barrier: SleepingBarrier

    /// Ranks meet some hundred times a step: one that sleeps too soon wakes up late, and makes the others sleep in turn.
    private static let longestSpin: Int64 = 2_000_000

    /// Nil for a rank without a team. Collective over the world.
    static func form(world: World, memory: NodeMemory) throws(CommunicationError) -> NodeTeam? {
        guard let teams = memory.plan.shape.teams else { return nil }
        let team = memory.plan.layout.teams.first { $0.ranks.contains(world.rank) }
        let group = try Communicator(of: world, colour: team?.ranks.lowerBound ?? world.rank)
        let isEven = try isEven(memory.group)
        guard let team, teams.onAnyCores || isEven else { return nil }
        return try NodeTeam(team, floatCount: teams.floatCount, group: group, base: memory.window.base)
    }

    /// Whether cores have about as many ranks each at any moment, since one with more makes all wait at each meeting. Linux moves two or three
    /// ranks a core about too slowly for that.
    private static func isEven(_ node: Communicator) throws(CommunicationError) -> Bool {
        let cores = try node.coreCount()
        return node.rankCount <= cores || node.rankCount >= 4 * cores
    }

    private init(
        _ place: NodeLayout.Team, floatCount: Int, group: Communicator, base: UnsafeMutableRawPointer
    ) throws(CommunicationError) {
        ranks = place.ranks
        shared = UnsafeMutableBufferPointer(
            start: (base + place.memory).assumingMemoryBound(to: Float.self), count: floatCount)
        self.group = group
        barrier = try SleepingBarrier(in: group, state: base + place.barrier, longestSpin: Self.longestSpin)
    }

    /// Waits until every rank of the team waits here. What was written before is seen by all afterwards.
    public func meet() { barrier.wait() }
}
