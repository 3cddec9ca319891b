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
/// without a word is told of at once. A rank that waits for a disk goes on. The thread sleeps; what the ranks note are single stores.
///
/// Until MPI has started there is nobody to share with: `beginStart` to `endStart` each rank watches over its own start.
public enum Watch {
    /// Ends this process, with one line, unless `endStart` or `start` is called within `limit` seconds; 0 is no limit. Local.
    ///
    /// A process that no launcher started waits for nobody. Throws `noThreads` where there are not enough of them for MPI, which would end
    /// the job in its own words.
    public static func beginStart(limit: Double) throws(CommunicationError) {
        guard World.launchedRank != nil else { return }
        let lack = cmpi_probe_threads(threadsOfRank)
        if lack != 0 { throw .noThreads(reason: reason(lack)) }
        guard limit > 0 else { return }
        let code = cmpi_start_watch_begin(nanoseconds(limit), ExitStatus.fault.rawValue, startAdvice)
        if code != 0 { throw .noWatch(reason: reason(code)) }
    }

    /// Of Open MPI's progress, of the start and of the watch.
    private static let threadsOfRank: Int32 = 4

    /// The start is over. Local.
    public static func endStart() { cmpi_start_watch_end() }

    /// Never freed: a thread reads it.
    nonisolated(unsafe) private static let startAdvice = strdup(
        "One of them hangs, or its node does not answer: look at the processes of this job, and start it again.")

    private static func nanoseconds(_ seconds: Double) -> Int64 { Int64(min(seconds, 9e9) * 1e9) }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// Starts the watch. `limit` is in seconds; 0 watches over deaths alone. Collective.
    ///
    /// Where the ranks of a host cannot share a board, each watches over itself. Throws a `RemoteFailure` on all ranks where one has no
    /// thread for it; without a limit such a rank is on its own, as with any MPI program.
    public static func start(in world: World, limit: Double, advice: String) throws {
        let host = world.hosts.firstIndex { $0.contains(world.rank) }!
        var seats = world.hosts[host]
        let shared = try sharedBoard(of: seats, host: host, in: world)
        if shared == nil { seats = world.rank..<(world.rank + 1) }
        var nowhere = cmpi_watch_place()
        let own = shared ?? cmpi_watch_board_create(1, &nowhere)
        try world.agree { if own == nil { throw CommunicationError.noWatch(reason: reason(ENOMEM)) } }
        guard let board = own else { return }
        cmpi_watch_take_seat(board, Int32(world.rank - seats.lowerBound))
        try world.barrier()  // all seats are taken
        let code = try start(on: board, seats: seats, limit: limit, advice: advice, in: world)
        try world.agree { if code != 0, limit > 0 { throw CommunicationError.noWatch(reason: reason(code)) } }
        endStart()
    }

    /// This rank begins a phase; a step of 0 is not spoken of. Local.
    public static func enter(_ phase: WorkPhase, step: Int = 0) { cmpi_watch_enter(phase.number, Int64(step)) }

    /// This rank has come further in its phase. Local.
    public static func progress() { cmpi_watch_progress() }

    /// Does what waits for a disk, as long as that takes: meanwhile this rank counts as going on. Local.
    ///
    /// `work` gets a function to call now and then while it waits, by which other hosts learn of it.
    public static func waitingForDisk<T>(_ work: (_ goOn: () -> Void) throws -> T) rethrows -> T {
        beginWaitingForDisk()
        defer { endWaitingForDisk() }
        return try work { cmpi_roll_call_go_on() }
    }

    /// The same in two calls, where a closure cannot be used: for what is consumed. Local.
    package static func beginWaitingForDisk() { cmpi_watch_disk_begins() }

    /// Ends what `beginWaitingForDisk` began. Local.
    package static func endWaitingForDisk() { cmpi_watch_disk_ends() }

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
    ) throws -> Int32 {
        let leaders = try firstRanks(of: seats, in: world)
        let phases = WorkPhase.allCases.map(\.rawValue)
        let hosts = try world.hosts.flatMap { ranks in
            let name = try world.broadcast(world.hostName, from: ranks.lowerBound)
            return ranks.map { _ in name }
        }
        return withCTexts(phases) { phases in
            withCTexts(hosts) { hosts in
                leaders.withUnsafeBufferPointer { leaders in
                    advice.withCString { advice in
                        var plan = cmpi_watch_plan(
                            seat: Int32(world.rank - seats.lowerBound), seat_count: Int32(seats.count),
                            first_rank: Int32(seats.lowerBound), rank_count: Int32(world.rankCount),
                            group: Int32(leaders.firstIndex(of: Int32(seats.lowerBound))!), group_count: Int32(leaders.count),
                            exit_status: ExitStatus.fault.rawValue, limit: nanoseconds(limit),
                            phase_count: Int32(phases.count), phases: phases.baseAddress, hosts: hosts.baseAddress,
                            leaders: leaders.baseAddress, advice: advice)
                        return cmpi_watch_start(board, &plan)
                    }
                }
            }
        }
    }

    /// Calls `body` with the texts as C has them.
    private static func withCTexts<T>(_ texts: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> T) -> T {
        let copies = texts.map { UnsafePointer(strdup($0)) }
        defer { for copy in copies { free(UnsafeMutablePointer(mutating: copy)) } }
        return copies.withUnsafeBufferPointer(body)
    }
}
