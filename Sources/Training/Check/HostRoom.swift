package import Communication
package import Runs

/// The resources that a host has left for its ranks, in bytes; nil if the system does not report them.
package struct HostRoom: Equatable, Sendable {
    package var name: String
    /// The ranks of the host.
    package var ranks: Range<Int>
    /// Memory without swapping, within the limits of control groups.
    package var memory: Int?
    /// Memory including free swap, within the limits of control groups.
    package var memoryWithSwap: Int?
    /// Free space in the folder that backs shared windows; 0 if no file can be created in it.
    package var backing: Int?
    /// Whether the ranks may create files in this folder.
    package var backingIsWritable = true
    /// What the limits of each rank's process leave, in rank order; empty if no process has a limit.
    package var processes: [ProcessRoom] = []

    package init(
        name: String, ranks: Range<Int>, memory: Int?, memoryWithSwap: Int?, backing: Int?, processes: [ProcessRoom] = []
    ) {
        (self.name, self.ranks, self.processes) = (name, ranks, processes)
        (self.memory, self.memoryWithSwap, self.backing) = (memory, memoryWithSwap, backing)
    }

    /// From the figures of each rank of the host.
    package init(name: String, ranks: Range<Int>, figures: [MemoryFigures], backing: Int?) {
        let limit = Self.groupLimit(figures)
        let system = figures.filter { $0.available >= 0 }.min { $0.available < $1.available }
        let all = [system?.available, limit].compactMap { $0 }.min()
        let withSwap = [system.map { $0.available + max(0, $0.swap) }, limit].compactMap { $0 }.min()
        self.init(
            name: name, ranks: ranks, memory: all, memoryWithSwap: withSwap, backing: backing,
            processes: figures.map { ProcessRoom($0, for: .training) })
    }

    /// The first rank whose process limits are too low for this number of bytes of its own, of shared memory and of mapped files. A single
    /// rank on a host shares no memory: all memory is its own.
    func processShortage(
        own: (_ rank: Int) -> Double, shared: Double, mapped: Double = 0, isLeast: Bool
    ) -> RunCheckError? {
        zip(ranks, processes).lazy.compactMap { rank, process -> RunCheckError? in
            let isAlone = processes.count == 1
            return process.shortage(own: own(rank) + (isAlone ? shared : 0), shared: (isAlone ? 0 : shared) + mapped).map {
                .processLimit(
                    host: name, rank: rank, limit: $0.limit, needed: $0.needed, available: $0.available, isLeast: isLeast)
            }
        }.first
    }

    /// Ranks in one group share its limit. If there are several groups, their limits are added. Nil if a rank has no limit.
    private static func groupLimit(_ figures: [MemoryFigures]) -> Int? {
        if figures.contains(where: { $0.groupAvailable < 0 }) { return nil }
        let least = Dictionary(figures.map { ($0.groupNumber, $0.groupAvailable) }, uniquingKeysWith: { min($0, $1) })
        return least.values.reduce(0) { total, left in total.addingReportingOverflow(left).partialValue }
    }
}

/// The hosts of a world and their resources. Complete on rank 0.
package struct HostSurvey: Sendable {
    package let hosts: [HostRoom]

    package init(hosts: [HostRoom]) { self.hosts = hosts }

    /// Collects the figures of every rank. Collective.
    package init(world: World) throws {
        let figures = try world.allgather(MemoryFigures(root: ""))
        let backings = try world.allgather(SharedWindow.backingStore.available ?? -1)
        let writable = try world.allgather(Int32(SharedWindow.backingStoreIsWritable ? 1 : 0))
        let names = String(decoding: try world.gather(Array((world.hostName + "\n").utf8)), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        hosts = world.hosts.map { ranks in
            let backing = backings[ranks].filter { $0 >= 0 }.min()
            let name = ranks.lowerBound < names.count ? String(names[ranks.lowerBound]) : ""
            var room = HostRoom(name: name, ranks: ranks, figures: Array(figures[ranks]), backing: backing)
            room.backingIsWritable = !writable[ranks].contains(0)
            return room
        }
    }
}
