internal import CMPI

/// The communicator of all ranks of the job.
///
/// The ranks of a host have contiguous numbers, independently of the launcher's mapping. Rank 0 is the launcher's rank 0. A process
/// without a launcher is a world of one rank, and does not start MPI.
/// Methods that are not marked as local are collective: every rank calls them in the same order.
public final class World {
    /// The number of this process, in `0..<rankCount`.
    public let rank: Int
    /// The number of ranks.
    public let rankCount: Int
    /// The name of this rank's host.
    public let hostName: String
    /// The ranks of each host, in ascending order. MPI allows the ranks of a host to share memory.
    public let hosts: [Range<Int>]
    /// A warning about the hosts for the user; nil for none.
    public let notice: String?

    let ordered: OpaquePointer  // all ranks, in the order of this program
    private let launched: OpaquePointer  // all ranks, in the launcher's order

    /// Called once by `finish`, and by `end` before it prints the error, to write what this rank still holds. It may take any time.
    public var beforeEnd: (() -> Void)?

    /// Whether this is rank 0, which prints.
    public var isRoot: Bool { rank == 0 }

    private init(launched: OpaquePointer) throws(CommunicationError) {
        let size = Int(cmpi_size(launched))
        let expected = Int(cmpi_launcher_size())
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

    /// Starts MPI. A process may call it once.
    public static func start() throws(CommunicationError) -> World {
        var launched: OpaquePointer?
        try check(cmpi_start(&launched), "MPI_Init_thread")
        return try World(launched: launched!)
    }

    /// Ends MPI. No method of this world may be called after it.
    public func finish() throws(CommunicationError) {
        runBeforeEnd()
        // Ranks that wait for `beforeEnd` of another rank wait here, where they answer the polls of other hosts, and not in MPI_Finalize.
        try barrier()
        try check(cmpi_comm_free(ordered), "MPI_Comm_free")
        try check(cmpi_finish(launched), "MPI_Finalize")
    }

    func runBeforeEnd() {
        beforeEnd?()
        beforeEnd = nil
    }

    /// `MPI_Abort`: ends the processes of all ranks immediately. Local.
    public static func abort(exitStatus: Int32) -> Never {
        cmpi_abort(exitStatus)
    }

    /// Whether a launcher started this process, from the environment. Available before `start`. Local.
    public static var isLaunched: Bool { cmpi_launcher_rank() >= 0 }

    /// Whether Open MPI's launcher started this process. That launcher ends all ranks if one of them exits with an error. Local.
    public static var isStartedByMpirun: Bool { cmpi_mpirun_size() > 0 }

    /// Whether Open MPI's launcher started this process and others. Local.
    public static var isOneOfSeveralOfMpirun: Bool { cmpi_mpirun_size() > 1 }

    /// The name of this process's host. Available before `start`. Local.
    public static var localHostName: String { textFromC(capacity: 256) { cmpi_host_name($0, $1) } }

    /// Name and version of the MPI library, such as `Open MPI v4.1.4` or `MPICH Version: 4.0.2`. Available before `start`. Local.
    public static var libraryName: String {
        let version = textFromC(capacity: 512) { cmpi_library_version($0, $1) }
        return String(version.prefix { $0 != "," }).replacing("\t", with: " ")
    }

    /// Sets the size in bytes of the pieces of long messages. Only for tests, which would otherwise need gigabytes.
    package static func setPieceByteCount(_ count: Int) { cmpi_set_piece_bytes(Int64(count)) }
}
