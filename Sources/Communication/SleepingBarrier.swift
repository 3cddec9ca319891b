internal import CMPI

/// A barrier for the ranks of a node, in their shared window: a few hundred nanoseconds when all are there already.
///
/// Waiting ranks spin shortly, then yield, then sleep, so that with more ranks than cores the cores are left to those with work;
/// with more ranks than cores they do not spin at all. What a rank wrote before it is seen by all after it.
public struct SleepingBarrier {
    /// Bytes of shared memory it needs, aligned to 64.
    public static var byteCount: Int { Int(cmpi_barrier_state_bytes()) }

    private let state: UnsafeMutableRawPointer
    private let rankCount: Int32
    private let spinNanoseconds: Int64
    /// Nanoseconds this rank has waited in it.
    public private(set) var waitedNanoseconds: Int64 = 0

    /// Longest time a waiting rank spins before it lets others on its core: about the cost of a sleep and a wake-up.
    public static let longestSpin: Int64 = 50_000

    /// Collective over the group. `state` points to `byteCount` bytes of the group's window, which are zero.
    ///
    /// - Parameter longestSpin: nanoseconds; more where ranks meet so often that a late wake-up makes the others sleep in turn.
    public init(
        in group: NodeGroup, state: UnsafeMutableRawPointer, longestSpin: Int64 = Self.longestSpin
    ) throws(CommunicationError) {
        self.state = state
        rankCount = Int32(group.rankCount)
        // Fresh windows are zero, as the state is at first: so nobody can come before it is made.
        spinNanoseconds = group.rankCount > (try group.coreCount()) ? 0 : longestSpin
    }

    /// Waits until every rank of the group waits.
    public mutating func wait() {
        guard rankCount > 1 else { return }
        waitedNanoseconds += cmpi_barrier_state_wait(state, rankCount, spinNanoseconds)
    }
}

/// Time that never goes back.
public enum MonotonicClock {
    /// Nanoseconds since some fixed moment.
    public static var nanoseconds: Int64 { cmpi_nanoseconds() }
    /// The same at the start of this process.
    public static var processStart: Int64 { cmpi_process_start() }
    /// Seconds since the start of this process.
    public static var elapsedSeconds: Double { Double(nanoseconds - processStart) / 1e9 }
}
