internal import CMPI

/// A barrier for the ranks of a node, in shared memory. It takes a few hundred nanoseconds if all ranks arrive together.
///
/// A waiting rank spins for a short time, then yields, then sleeps. With more ranks than cores it does not spin, which leaves the cores to the
/// ranks that compute. After the barrier, every rank sees what the other ranks wrote before it.
public struct SleepingBarrier {
    /// Bytes of shared memory that a barrier needs, aligned to 64.
    public static var byteCount: Int { Int(cmpi_shared_barrier_bytes()) }

    private let state: UnsafeMutableRawPointer
    private let rankCount: Int32
    private let spinNanoseconds: Int64
    /// Nanoseconds that this rank has waited in the barrier so far.
    public private(set) var waitedNanoseconds: Int64 = 0

    /// Nanoseconds that a waiting rank spins at most before it yields: about the cost of a sleep and a wake-up.
    public static let longestSpin: Int64 = 50_000

    /// `state` points to `byteCount` zero bytes in the shared window of the group. Collective over the group.
    ///
    /// - Parameter longestSpin: in nanoseconds. Use a larger value for frequent barriers, where a late wake-up makes the other ranks sleep too.
    public init(
        in group: Communicator, state: UnsafeMutableRawPointer, longestSpin: Int64 = Self.longestSpin
    ) throws(CommunicationError) {
        self.state = state
        rankCount = Int32(group.rankCount)
        // An initial state is all zero, like a new window, so a rank may wait before other ranks have called this initialiser.
        spinNanoseconds = group.rankCount > (try group.coreCount()) ? 0 : longestSpin
    }

    /// Waits until every rank of the group has called it.
    public mutating func wait() {
        guard rankCount > 1 else { return }
        waitedNanoseconds += cmpi_shared_barrier_wait(state, rankCount, spinNanoseconds)
    }
}
