internal import CMPI

/// Where a rank runs, as the launcher numbered it.
struct HostPlace {
    /// The launcher's number of the first rank on the same host.
    var leader: Int64
    /// The rank's number on its host.
    var local: Int64
    /// Of this start of the host's system; 0 where the system does not tell.
    var boot: UInt64

    /// The places of all ranks, by the launcher's numbers.
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

    /// The launcher's rank numbers, sorted so that those of one host follow each other.
    static func order(_ places: [HostPlace]) -> [Int] {
        places.indices.sorted { (places[$0].leader, places[$0].local) < (places[$1].leader, places[$1].local) }
    }

    /// The ranges of new rank numbers that share a host.
    static func hosts(_ places: [HostPlace], order: [Int]) -> [Range<Int>] {
        let starts = order.indices.filter { places[order[$0]].local == 0 }
        return zip(starts, starts.dropFirst() + [order.count]).map { $0..<$1 }
    }

    /// Says so where ranks of one machine do not share memory: MPI takes its containers, or its names, for several hosts.
    static func notice(_ places: [HostPlace]) -> String? {
        let leaders = Dictionary(grouping: places.filter { $0.boot != 0 }, by: \.boot).mapValues { Set($0.map(\.leader)).count }
        guard let parts = leaders.values.max(), parts > 1 else { return nil }
        return
            "MPI treats ranks of one machine (one boot id) as \(parts) hosts. They exchange gradients by messages instead of shared memory, and each "
            + "of the \(parts) holds its own copy of the parameters. Containers need a common IPC and PID namespace; host files need one name per machine."
    }
}
