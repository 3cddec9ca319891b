internal import CMPI

/// A communicator over some ranks of the world, such as the ranks of one node or the first ranks of all nodes.
public final class Communicator {
    /// This rank's number in the communicator.
    public let rank: Int
    /// The number of ranks in the communicator.
    public let rankCount: Int
    let handle: OpaquePointer

    /// `MPI_Comm_split`: all ranks that pass the same colour, in the order of the world. Collective over the world.
    public init(of world: World, colour: Int) throws(CommunicationError) {
        var handle: OpaquePointer?
        try check(cmpi_split(world.ordered, Int32(colour), Int32(world.rank), &handle), "MPI_Comm_split")
        self.handle = handle!
        rank = Int(cmpi_rank(handle))
        rankCount = Int(cmpi_size(handle))
    }

    /// Frees the communicator. All its ranks must reach this point in the same order, and before the world's `finish`.
    deinit { _ = cmpi_comm_free(handle) }

    /// Copies the bytes of the communicator's rank 0 into the buffer of every rank.
    public func broadcast(_ bytes: UnsafeMutableRawBufferPointer) throws(CommunicationError) {
        try check(cmpi_broadcast(handle, bytes.baseAddress, Int64(bytes.count), 0), "MPI_Bcast")
    }

    /// The number of cores that the ranks of the communicator may use together. Collective over the communicator.
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
