internal import CMPI

/// All ranks of the job, and this process among them.
///
/// Ranks are numbered so that those of one host follow each other, whatever the launcher's mapping was; rank 0 is the
/// launcher's rank 0. A process that no launcher started is a world of one, and starts no MPI.
/// Methods that are not marked as local are collective: every rank calls them, in the same order.
public final class World {
    /// This process's number, in 0..<rankCount.
    public let rank: Int
    /// How many ranks there are.
    public let rankCount: Int
    /// The name of this rank's host.
    public let hostName: String
    /// The ranks of each host, in order: those that MPI lets share memory.
    public let hosts: [Range<Int>]
    /// What the user should know of the hosts; nil where there is nothing.
    public let notice: String?

    let ordered: OpaquePointer  // all ranks, in our order
    private let launched: OpaquePointer  // all ranks, as the launcher numbered them

    /// Whether this is the rank that prints.
    public var isRoot: Bool { rank == 0 }

    private init(launched: OpaquePointer) throws(CommunicationError) {
        let size = Int(cmpi_size(launched))
        let expected = Int(cmpi_launched_size())
        if size == 1, expected > 1 {
            try check(cmpi_finish(launched), "MPI_Finalize")
            throw .launcherMismatch(launched: expected, library: Self.libraryName)
        }
        let places = try HostPlace.all(launched)
        let order = HostPlace.order(places)
        var ordered: OpaquePointer?
        try check(cmpi_split(launched, 0, Int32(order.firstIndex(of: Int(cmpi_rank(launched)))!), &ordered), "MPI_Comm_split")
        self.launched = launched
        self.ordered = ordered!
        rank = Int(cmpi_rank(ordered!))
        rankCount = size
        hostName = Self.localHostName
        hosts = HostPlace.hosts(places, order: order)
        notice = HostPlace.notice(places)
    }

    /// Starts MPI; once in a process.
    public static func start() throws(CommunicationError) -> World {
        var launched: OpaquePointer?
        try check(cmpi_start(&launched), "MPI_Init_thread")
        return try World(launched: launched!)
    }

    /// Ends MPI; nothing may be called on this world after it.
    public func finish() throws(CommunicationError) {
        try check(cmpi_comm_free(ordered), "MPI_Comm_free")
        try check(cmpi_finish(launched), "MPI_Finalize")
    }

    /// Ends the processes of all ranks at once, with this status. Local.
    public static func abort(exitStatus: Int32) -> Never {
        cmpi_abort(exitStatus)
    }

    /// The rank that the launcher gave this process, from the environment, before `start`; nil where no launcher did.
    ///
    /// With it a wrong command line is reported by one process alone, without starting MPI.
    public static var launchedRank: Int? {
        let rank = cmpi_environment_rank()
        return rank < 0 ? nil : Int(rank)
    }

    /// Whether Open MPI's own launcher started this process: it ends all ranks when one ends with a fault.
    public static var isStartedByMpirun: Bool { cmpi_environment_size() > 0 }

    /// The name of this process's host; works before `start`.
    public static var localHostName: String { textFromC(capacity: 256) { cmpi_host_name($0, $1) } }

    /// Name and version of the MPI library, as `Open MPI v4.1.4` or `MPICH Version: 4.0.2`; works before `start`.
    public static var libraryName: String {
        let version = textFromC(capacity: 512) { cmpi_library_version($0, $1) }
        return String(version.prefix { $0 != "," }).replacing("\t", with: " ")
    }

    /// Sets after how many bytes a long message is cut; for tests, which would need gigabytes otherwise.
    package static func setPieceByteCount(_ count: Int) { cmpi_set_piece_bytes(Int64(count)) }
}
