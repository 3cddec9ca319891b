internal import CMPI

/// The host of a rank, in the launcher's numbering.
struct HostPlace {
    /// The launcher's number of the first rank on this host.
    var leader: Int64
    /// The rank's number on its host.
    var local: Int64
    /// A number derived from the host's boot id; 0 if the system does not report one.
    var boot: UInt64

    /// The places of all ranks, in the launcher's order. Collective.
    static func all(_ world: OpaquePointer) throws(CommunicationError) -> [HostPlace] {
        var host: OpaquePointer?
        try check(cmpi_split_hosts(world, &host), "MPI_Comm_split_type")
        var mine = HostPlace(leader: Int64(cmpi_rank(world)), local: Int64(cmpi_rank(host)), boot: cmpi_boot_number())
        try check(cmpi_broadcast(host, &mine.leader, 8, 0), "MPI_Bcast")
        try check(cmpi_comm_free(host), "MPI_Comm_free")
        var places = [HostPlace](repeating: mine, count: Int(cmpi_size(world)))
        try check(cmpi_allgather(world, &mine, Int64(MemoryLayout<HostPlace>.size), &places), "MPI_Allgather")
        return places
    }

    /// The launcher's rank numbers, sorted so that the ranks of a host are contiguous.
    static func order(_ places: [HostPlace]) -> [Int] {
        places.indices.sorted { (places[$0].leader, places[$0].local) < (places[$1].leader, places[$1].local) }
    }

    /// The ranks of each host, as ranges of positions in `order`.
    static func hosts(_ places: [HostPlace], order: [Int]) -> [Range<Int>] {
        let starts = order.indices.filter { places[order[$0]].local == 0 }
        return zip(starts, starts.dropFirst() + [order.count]).map { $0..<$1 }
    }

    /// A warning if MPI treats one machine as several hosts, because of containers or host names; nil otherwise.
    static func notice(_ places: [HostPlace]) -> String? {
        let leaders = Dictionary(grouping: places.filter { $0.boot != 0 }, by: \.boot).mapValues { Set($0.map(\.leader)).count }
        guard let parts = leaders.values.max(), parts > 1 else { return nil }
        return
            "MPI treats ranks of one machine (one boot id) as \(parts) hosts. They exchange gradients by messages instead of shared memory, and each "
            + "of the \(parts) holds its own copy of the parameters. Containers need a common IPC and PID namespace; host files need one name per machine."
    }
}
