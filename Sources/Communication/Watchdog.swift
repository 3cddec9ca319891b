internal import CMPI
internal import Failures
import Glibc

/// The watchdog of a job: a thread in each rank that ends the job when a rank stops or dies.
///
/// The ranks of a host share a status table. Each rank records there its phase and whether it waits for other ranks. If no rank of a host makes
/// progress, the watchdog ends the job shortly before the limit, with one line that names the rank that does not wait, its host and its phase.
/// If all ranks of a host wait, it polls the other hosts, and names the ranks of the hosts that do not answer. The death of a process is reported at
/// once. A rank that waits for a disk counts as making progress. The thread sleeps between its checks, and a rank records its state with single stores.
///
/// Before MPI has started there is no shared table. From `beginStart` to `endStart`, each rank limits the time of its own start.
public enum Watchdog {
    /// Ends this process with a message unless `endStart` or `start` is called within `limit` seconds; 0 means no limit. Local.
    ///
    /// Does nothing in a process without a launcher. Throws `noThreads` if the system allows too few threads for MPI. MPI itself would end the
    /// job with a message that does not name the cause.
    public static func beginStart(limit: Double) throws(CommunicationError) {
        guard World.isLaunched else { return }
        let lack = cmpi_probe_threads(threadsOfRank)
        if lack != 0 { throw .noThreads(reason: reason(lack)) }
        guard limit > 0 else { return }
        let code = cmpi_startup_watchdog_start(nanoseconds(limit), ExitStatus.fault.rawValue, startAdvice)
        if code != 0 { throw .noWatch(reason: reason(code)) }
    }

    /// Threads of a rank besides its main thread: those of Open MPI, of the startup watchdog and of the watchdog.
    private static let threadsOfRank: Int32 = 4

    /// Ends the watch that `beginStart` began. Local.
    public static func endStart() { cmpi_startup_watchdog_stop() }

    /// Never freed, because a thread reads it.
    nonisolated(unsafe) private static let startAdvice = strdup(
        "One of them hangs, or its node does not answer: look at the processes of this job, and start it again.")

    private static func nanoseconds(_ seconds: Double) -> Int64 { Int64(min(seconds, 9e9) * 1e9) }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// Starts the watchdog. `limit` is in seconds; with 0 it detects dead ranks only. Collective.
    ///
    /// If the ranks of a host cannot share a table, each rank checks itself only. Throws a `RemoteFailure` on all ranks if a rank cannot create the
    /// thread. Without a limit that is no error, and the rank runs without a watchdog.
    public static func start(in world: World, limit: Double, advice: String) throws {
        let host = world.hosts.firstIndex { $0.contains(world.rank) }!
        var ranks = world.hosts[host]
        let shared = try sharedTable(of: ranks, host: host, in: world)
        if shared == nil { ranks = world.rank..<(world.rank + 1) }
        var unused = cmpi_watchdog_table_location()
        let own = shared ?? cmpi_watchdog_table_create(1, &unused)
        try world.agree { if own == nil { throw CommunicationError.noWatch(reason: reason(ENOMEM)) } }
        guard let table = own else { return }
        cmpi_watchdog_take_slot(table, Int32(world.rank - ranks.lowerBound))
        try world.barrier()  // all ranks have taken their slots
        let code = try start(on: table, ranks: ranks, limit: limit, advice: advice, in: world)
        try world.agree { if code != 0, limit > 0 { throw CommunicationError.noWatch(reason: reason(code)) } }
        endStart()
    }

    /// When the time before the work must have ended.
    public struct PreparationDeadline: Sendable {
        /// In nanoseconds of `MonotonicClock`.
        public var time: Int64
        /// Of a job that ends because of it.
        public var exitStatus: Int32
        public var line: String

        public init(time: Int64, exitStatus: Int32, line: String) {
            (self.time, self.exitStatus, self.line) = (time, exitStatus, line)
        }
    }

    /// Makes the watchdog end the job, with `exitStatus` and the line of the signal, if a stop signal has had no effect for three seconds, until
    /// `beginWork`; and with the status and the line of `deadline` three seconds after it. To be called before `start`. Local.
    ///
    /// `advice` ends the watchdog's other messages of this time.
    public static func prepareWork(
        exitStatus: Int32, advice: String, deadline: PreparationDeadline?, line: (_ signal: String) -> String
    ) {
        let lines = StopSignals.each.map { line($0.name ?? "") }
        withCTexts([advice, deadline?.line ?? ""] + lines) { texts in
            var preparation = cmpi_watchdog_preparation(
                lines: (texts[2], texts[3], texts[4], texts[5], texts[6], texts[7]), exit_status: exitStatus, advice: texts[0],
                deadline: deadline?.time ?? 0, deadline_line: texts[1], deadline_status: deadline?.exitStatus ?? 0)
            cmpi_watchdog_prepare_work(&preparation)
        }
    }

    /// Drops the deadline of `prepareWork`: the job ends with another error, which may wait for its reader. Local.
    public static func forgetDeadline() { cmpi_watchdog_forget_deadline() }

    /// Leaves stop signals to the work from now on. Local.
    public static func beginWork() { cmpi_watchdog_begin_work() }

    /// Records that this rank begins a phase. Messages omit a step of 0. Local.
    public static func enter(_ phase: WorkPhase, step: Int = 0) { cmpi_watchdog_enter_phase(phase.number, Int64(step)) }

    /// Records progress within a phase. Local.
    public static func progress() { cmpi_watchdog_progress() }

    /// Runs work that waits for a disk, or that reads a large file. The watchdog does not limit the time of this work. Local.
    ///
    /// `work` must not use MPI: in a job of several hosts it runs on another thread, and the main thread tells the hosts that ask that this rank is busy.
    public static func waitingForDisk<T, Failure: Error>(_ work: () throws(Failure) -> T) throws(Failure) -> T {
        cmpi_watchdog_disk_wait_begin()
        defer { cmpi_watchdog_disk_wait_end() }
        return try withoutActuallyEscaping(work) { (work) throws(Failure) -> T in
            var outcome: Result<T, Failure>?
            func execute() { outcome = Result(catching: work) }
            var errand = execute
            let isDone = withUnsafeMutablePointer(to: &errand) { errand in
                cmpi_liveness_answer_during({ $0!.assumingMemoryBound(to: (() -> Void).self).pointee() }, errand) != 0
            }
            if !isDone { execute() }
            return try outcome!.get()
        }
    }

    /// Whether this thread answers other hosts. It cannot do so while it reads a mapped file, which may wait long for a disk: such reads belong in
    /// `waitingForDisk` if this is true. In a job of one host the watchdog notices these waits itself. Local.
    public static var answersOtherHosts: Bool { cmpi_liveness_may_be_polled() != 0 }

    /// The status table of the host; nil on all its ranks if a rank cannot map it.
    private static func sharedTable(
        of ranks: Range<Int>, host: Int, in world: World
    ) throws -> UnsafeMutableRawPointer? {
        let group = try Communicator(of: world, colour: host)
        var location = cmpi_watchdog_table_location()
        var table = group.rank == 0 ? cmpi_watchdog_table_create(Int32(ranks.count), &location) : nil
        try withUnsafeMutableBytes(of: &location) { bytes in try group.broadcast(bytes) }
        if group.rank > 0 { table = cmpi_watchdog_table_open(Int32(ranks.count), &location) }
        let all = try world.allgather(Int32(table == nil ? 0 : 1))
        return all[ranks].contains(0) ? nil : table
    }

    /// The first rank of each group that shares a table, after the preparation of the liveness check.
    private static func firstRanks(of ranks: Range<Int>, in world: World) throws -> [Int32] {
        let all = try world.allgather(Int32(ranks.lowerBound))
        let leaders = all.indices.filter { all[$0] == Int32($0) }.map { Int32($0) }
        try check(cmpi_liveness_prepare(world.ordered, leaders, Int32(leaders.count)), "MPI_Comm_dup")
        return leaders
    }

    private static func start(
        on table: UnsafeMutableRawPointer, ranks: Range<Int>, limit: Double, advice: String, in world: World
    ) throws -> Int32 {
        let leaders = try firstRanks(of: ranks, in: world)
        let phases = WorkPhase.allCases.map(\.rawValue)
        let hosts = try world.hosts.flatMap { ranks in
            let name = try world.broadcast(world.hostName, from: ranks.lowerBound)
            return ranks.map { _ in name }
        }
        return withCTexts(phases) { phases in
            withCTexts(hosts) { hosts in
                leaders.withUnsafeBufferPointer { leaders in
                    advice.withCString { advice in
                        var plan = cmpi_watchdog_plan(
                            slot: Int32(world.rank - ranks.lowerBound), slot_count: Int32(ranks.count),
                            first_rank: Int32(ranks.lowerBound), rank_count: Int32(world.rankCount),
                            group: Int32(leaders.firstIndex(of: Int32(ranks.lowerBound))!), group_count: Int32(leaders.count),
                            exit_status: ExitStatus.fault.rawValue, limit: nanoseconds(limit),
                            phase_count: Int32(phases.count), phases: phases.baseAddress, hosts: hosts.baseAddress,
                            leaders: leaders.baseAddress, advice: advice)
                        return cmpi_watchdog_start(table, &plan)
                    }
                }
            }
        }
    }

    /// Calls `body` with zero-terminated copies of the texts.
    private static func withCTexts<T>(_ texts: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> T) -> T {
        let copies = texts.map { UnsafePointer(strdup($0)) }
        defer { for copy in copies { free(UnsafeMutablePointer(mutating: copy)) } }
        return copies.withUnsafeBufferPointer(body)
    }
}
