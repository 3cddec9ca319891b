internal import CMPI
internal import Failures
import Glibc

/// What a rank is doing, in the words in which the watch tells it.
public enum WorkPhase: String, CaseIterable, Sendable {
    case start = "start"
    case texts = "reading the texts"
    case construction = "setting up the model"
    case computation = "forward and backward"
    case reduction = "summing the gradients"
    case update = "update"
    case verification = "verification"
    case validation = "validation"
    case checkpoint = "checkpoint"
    case test = "test"
    case end = "end"

    var number: Int32 { Int32(Self.allCases.firstIndex(of: self)!) }
}

/// The watch over the ranks of a job: a thread in each rank that ends the job when a rank stops or dies.
///
/// Ranks of a host share a board, on which each tells its phase and whether it waits for others. When nothing moves on a host for
/// the limit, the job ends in good time before it, with one line that names the rank that waits for nobody, its host and its phase;
/// where all of a host wait, it asks the other hosts, and names the ranks of those that do not answer. A rank whose process ends
/// without a word is told of at once. The thread sleeps; what the ranks note are single stores.
public enum Watch {
    /// Starts the watch. `limit` is in seconds; 0 watches over deaths alone. Collective.
    ///
    /// Where the ranks of a host cannot share a board, each watches over itself. A world of one rank needs no watch.
    public static func start(in world: World, limit: Double, advice: String) throws {
        guard world.rankCount > 1 else { return }
        let host = world.hosts.firstIndex { $0.contains(world.rank) }!
        var seats = world.hosts[host]
        let shared = try sharedBoard(of: seats, host: host, in: world)
        if shared == nil { seats = world.rank..<(world.rank + 1) }
        var nowhere = cmpi_watch_place()
        guard let board = shared ?? cmpi_watch_board_create(1, &nowhere) else { return }
        cmpi_watch_take_seat(board, Int32(world.rank - seats.lowerBound))
        try world.barrier()  // all seats are taken
        try start(on: board, seats: seats, limit: limit, advice: advice, in: world)
    }

    /// This rank begins a phase; a step of 0 is not spoken of. Local.
    public static func enter(_ phase: WorkPhase, step: Int = 0) { cmpi_watch_enter(phase.number, Int64(step)) }

    /// This rank has come further in its phase. Local.
    public static func progress() { cmpi_watch_progress() }

    /// A board that all ranks of the host have; nil on all of them where one has not.
    private static func sharedBoard(
        of seats: Range<Int>, host: Int, in world: World
    ) throws -> UnsafeMutableRawPointer? {
        let group = try NodeGroup(of: world, colour: host)
        var place = cmpi_watch_place()
        var board = group.rank == 0 ? cmpi_watch_board_create(Int32(seats.count), &place) : nil
        try withUnsafeMutableBytes(of: &place) { bytes in try group.broadcast(bytes) }
        if group.rank > 0 { board = cmpi_watch_board_open(Int32(seats.count), &place) }
        let all = try world.allgather(Int32(board == nil ? 0 : 1))
        return all[seats].contains(0) ? nil : board
    }

    /// The first rank of each group that shares a board, ready for the roll call.
    private static func firstRanks(of seats: Range<Int>, in world: World) throws -> [Int32] {
        let all = try world.allgather(Int32(seats.lowerBound))
        let leaders = all.indices.filter { all[$0] == Int32($0) }.map { Int32($0) }
        try check(cmpi_roll_call_prepare(world.ordered, leaders, Int32(leaders.count)), "MPI_Comm_dup")
        return leaders
    }

    private static func start(
        on board: UnsafeMutableRawPointer, seats: Range<Int>, limit: Double, advice: String, in world: World
    ) throws {
        let leaders = try firstRanks(of: seats, in: world)
        let phases = WorkPhase.allCases.map(\.rawValue)
        let hosts = try world.hosts.flatMap { ranks in
            let name = try world.broadcast(world.hostName, from: ranks.lowerBound)
            return ranks.map { _ in name }
        }
        withCTexts(phases) { phases in
            withCTexts(hosts) { hosts in
                leaders.withUnsafeBufferPointer { leaders in
                    advice.withCString { advice in
                        var plan = cmpi_watch_plan(
                            seat: Int32(world.rank - seats.lowerBound), seat_count: Int32(seats.count),
                            first_rank: Int32(seats.lowerBound), rank_count: Int32(world.rankCount),
                            group: Int32(leaders.firstIndex(of: Int32(seats.lowerBound))!), group_count: Int32(leaders.count),
                            exit_status: ExitStatus.fault.rawValue, limit: Int64(limit * 1e9),
                            phase_count: Int32(phases.count), phases: phases.baseAddress, hosts: hosts.baseAddress,
                            leaders: leaders.baseAddress, advice: advice)
                        // Without a thread the ranks are on their own, as with any MPI program.
                        _ = cmpi_watch_start(board, &plan)
                    }
                }
            }
        }
    }

    /// Calls `body` with the texts as C has them.
    private static func withCTexts(_ texts: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Void) {
        let copies = texts.map { UnsafePointer(strdup($0)) }
        defer { for copy in copies { free(UnsafeMutablePointer(mutating: copy)) } }
        copies.withUnsafeBufferPointer(body)
    }
}
