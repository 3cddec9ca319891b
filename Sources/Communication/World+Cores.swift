extension World {
    /// The number of cores that the ranks of each host may use together, in the order of `hosts`. Collective.
    public func coresOfHosts() throws(CommunicationError) -> [Int] {
        let host = hosts.firstIndex { $0.contains(rank) }!
        let cores = try allgather(try Communicator(of: self, colour: host).coreCount())
        return hosts.map { cores[$0.lowerBound] }
    }
}
