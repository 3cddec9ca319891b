/// The memory that the limits of a process (`ulimit -v`, `ulimit -d`) leave for a model, in bytes; nil without a limit.
package struct ProcessRoom: Equatable, Sendable {
    /// For its own memory and the shared memory of its node.
    package var addresses: Int?
    /// For its own memory.
    package var data: Int?

    package init(addresses: Int? = nil, data: Int? = nil) { (self.addresses, self.data) = (addresses, data) }

    /// The use of the process.
    package enum Use {
        /// It uses a model in one thread.
        case oneModel
        /// It starts Open MPI as one of several ranks. Open MPI 4.1 takes some 200 MB of addresses until its first message, and
        /// crashes if it cannot map them.
        case startingMPI
        /// It trains, alone or as one of several ranks.
        case training

        /// Addresses and data that are not counted elsewhere: the stack (8 MB) and the arena (64 MB, of which only a part is used) of the thread
        /// that writes checkpoints; the shared memory of MPI, which is mapped with the first messages (measured with Open MPI 4.1); and
        /// the texts during reading.
        fileprivate var reserve: (addresses: Int, data: Int) {
            switch self {
            case .oneModel: (8 << 20, 4 << 20)
            case .startingMPI: (240 << 20, 0)
            case .training: (96 << 20, 20 << 20)
            }
        }
    }

    package init(_ figures: MemoryFigures, for use: Use) {
        func room(_ left: Int, _ reserve: Int) -> Int? { left < 0 ? nil : max(0, left - reserve) }
        addresses = room(figures.addressesLeft, use.reserve.addresses)
        data = room(figures.dataLeft, use.reserve.data)
    }

    /// The limit that is too low for this number of bytes of own memory, and of shared memory and mapped files, with the needed and the
    /// available bytes; nil if both limits suffice.
    package func shortage(own: Double, shared: Double) -> (limit: String, needed: Double, available: Int)? {
        if let addresses, own + shared > Double(addresses) { return ("ulimit -v", own + shared, addresses) }
        if let data, own > Double(data) { return ("ulimit -d", own, data) }
        return nil
    }

    /// Throws (70) if the limits of this process leave fewer bytes for this use. `host` and `rank` name the process in the error.
    package static func require(
        bytes: Int, for use: Use = .oneModel, host: String = "this machine", rank: Int = 0
    ) throws(RunCheckError) {
        let process = Self(MemoryFigures(root: ""), for: use)
        guard let shortage = process.shortage(own: Double(bytes), shared: 0) else { return }
        throw .processLimit(
            host: host, rank: rank, limit: shortage.limit, needed: shortage.needed, available: shortage.available, isLeast: true)
    }
}
