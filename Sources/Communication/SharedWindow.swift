internal import CMPI

/// Memory that all ranks of a node read and write; zero at first, freed at the end of its life by all of them together.
///
/// A node of one rank has private memory, with huge pages where the system gives them.
public final class SharedWindow {
    /// The first byte, aligned to 4096.
    public let base: UnsafeMutableRawPointer
    /// Its length.
    public let byteCount: Int
    private let group: NodeGroup
    private let handle: OpaquePointer

    /// Collective over the node; `byteCount` is the same on all its ranks.
    public init(in group: NodeGroup, byteCount: Int) throws(CommunicationError) {
        var handle: OpaquePointer?
        try check(cmpi_window_create(group.handle, Int64(byteCount), &handle), "MPI_Win_allocate_shared")
        self.group = group
        self.handle = handle!
        self.byteCount = byteCount
        base = cmpi_window_base(handle)
    }

    /// Frees the window, at a point that all ranks of the node reach in the same order; before the world's `finish`.
    deinit { _ = cmpi_window_free(handle) }

    /// Touches a part for the first time, so that it lies near this rank's core. Local.
    ///
    /// Returns false if the system has no memory for it: writing to that part would end the process (SIGBUS).
    public func populate(_ bytes: Range<Int>) -> Bool {
        cmpi_populate(base + bytes.lowerBound, Int64(bytes.count)) == 0
    }

    /// The folder that backs shared windows, and the bytes free in it (nil where it cannot be asked). Local.
    public static var backingStore: (folder: String, available: Int?) {
        let available = cmpi_backing_available()
        return (String(cString: cmpi_backing_folder()), available < 0 ? nil : Int(available))
    }
}

/// The ranks of one node, or the first ranks of all nodes, as a group of their own.
public final class NodeGroup {
    /// This rank's number in the group.
    public let rank: Int
    /// How many ranks the group has.
    public let rankCount: Int
    let handle: OpaquePointer

    /// The ranks of the world that give the same colour, in the world's order. Collective over the world.
    public init(of world: World, colour: Int) throws(CommunicationError) {
        var handle: OpaquePointer?
        try check(cmpi_split(world.ordered, Int32(colour), Int32(world.rank), &handle), "MPI_Comm_split")
        self.handle = handle!
        rank = Int(cmpi_rank(handle))
        rankCount = Int(cmpi_size(handle))
    }

    /// Frees the group, at a point that all its ranks reach in the same order; before the world's `finish`.
    deinit { _ = cmpi_comm_free(handle) }

    /// Copies the bytes of the group's rank 0 into every rank's buffer.
    public func broadcast(_ bytes: UnsafeMutableRawBufferPointer) throws(CommunicationError) {
        try check(cmpi_broadcast(handle, bytes.baseAddress, Int64(bytes.count), 0), "MPI_Bcast")
    }

    /// How many cores the ranks of the group may use together.
    public func coreCount() throws(CommunicationError) -> Int {
        let maskByteCount = 128
        var mine = [UInt8](repeating: 0, count: maskByteCount)
        cmpi_core_mask(&mine, Int64(maskByteCount))
        var all = [UInt8](repeating: 0, count: maskByteCount * rankCount)
        try check(cmpi_allgather(handle, &mine, Int64(maskByteCount), &all), "MPI_Allgather")
        return (0..<maskByteCount).reduce(0) { count, byte in
            count + (0..<rankCount).reduce(UInt8(0)) { $0 | all[$1 * maskByteCount + byte] }.nonzeroBitCount
        }
    }
}
