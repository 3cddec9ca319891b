internal import Communication

/// A team: all ranks of a node, or some of them on a node with many ranks, which share memory and synchronise inside a step.
///
/// Valid as long as the exchange that created it.
public final class NodeTeam {
    /// The ranks of the team.
    public let ranks: Range<Int>
    /// `TeamShape.floatCount` floats, initially zero.
    public let shared: UnsafeMutableBufferPointer<Float>
    /// Nanoseconds that this rank has waited for others of the team.
    public var waitedNanoseconds: Int64 { sleepingBarrier.waitedNanoseconds }

    private let group: Communicator
    private var sleepingBarrier: SleepingBarrier

    /// A step has some hundred barriers. A rank that sleeps too soon wakes up late, and then makes the others sleep.
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

    /// Whether all cores run about the same number of ranks at any moment. Otherwise the ranks of the busiest core delay every
    /// barrier. With two or three ranks per core, Linux balances the cores too slowly.
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
        sleepingBarrier = try SleepingBarrier(in: group, state: base + place.barrier, longestSpin: Self.longestSpin)
    }

    /// A barrier over the ranks of the team. After it, each rank sees what the others wrote before it.
    public func barrier() { sleepingBarrier.wait() }
}
