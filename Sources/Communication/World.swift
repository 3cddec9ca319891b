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
    /// The ranks of each host, in order.
    public let hosts: [Range<Int>]

    let ordered: OpaquePointer  // all ranks, in our order
    private let launched: OpaquePointer  // all ranks, as the launcher numbered them

    /// Whether this is the rank that prints.
    public var isRoot: Bool { rank == 0 }

    private init(launched: OpaquePointer) throws(CommunicationError) {
        let size = Int(cmpi_size(launched))
        let foreign = Int(cmpi_foreign_launcher_size())
        if size == 1, foreign > 1, cmpi_environment_size() == 0 {
            try check(cmpi_comm_free(launched), "MPI_Comm_free")
            throw .launcherMismatch(launched: foreign)
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

    /// Name and version of the MPI library; works before `start`.
    public static var libraryVersion: String { textFromC(capacity: 512) { cmpi_library_version($0, $1) } }

    /// Sets after how many bytes a long message is cut; for tests, which would need gigabytes otherwise.
    package static func setPieceByteCount(_ count: Int) { cmpi_set_piece_bytes(Int64(count)) }
}

/// Where a rank runs, as the launcher numbered it.
struct HostPlace {
    /// The launcher's number of the first rank on the same host.
    var leader: Int64
    /// The rank's number on its host.
    var local: Int64

    /// The places of all ranks, by the launcher's numbers.
    static func all(_ world: OpaquePointer) throws(CommunicationError) -> [HostPlace] {
        var host: OpaquePointer?
        try check(cmpi_split_hosts(world, &host), "MPI_Comm_split_type")
        var mine = HostPlace(leader: Int64(cmpi_rank(world)), local: Int64(cmpi_rank(host)))
        try check(cmpi_broadcast(host, &mine.leader, 8, 0), "MPI_Bcast")
        try check(cmpi_comm_free(host), "MPI_Comm_free")
        var places = [HostPlace](repeating: mine, count: Int(cmpi_size(world)))
        try check(cmpi_allgather(world, &mine, Int64(MemoryLayout<HostPlace>.size), &places), "MPI_Allgather")
        return places
    }

    /// The launcher's rank numbers, sorted so that those of one host follow each other.
    static func order(_ places: [HostPlace]) -> [Int] {
        places.indices.sorted { (places[$0].leader, places[$0].local) < (places[$1].leader, places[$1].local) }
    }

    /// The ranges of new rank numbers that share a host.
    static func hosts(_ places: [HostPlace], order: [Int]) -> [Range<Int>] {
        let starts = order.indices.filter { places[order[$0]].local == 0 }
        return zip(starts, starts.dropFirst() + [order.count]).map { $0..<$1 }
    }
}
