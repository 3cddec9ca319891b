internal import CMPI

/// A sparse all-to-all exchange of messages of any size, planned once and run in every step.
///
/// The sender and the receiver must plan the messages between them in the same order. A run makes no MPI call if the plan is empty,
/// copies no data, and allocates nothing after the first run.
public struct TransferPlan {
    private var sends: [cmpi_transfer] = []
    private var receives: [cmpi_transfer] = []

    /// An empty plan.
    public init() {}

    /// Bytes that this rank sends in one run.
    public var sentByteCount: Int { sends.reduce(0) { $0 + Int($1.bytes) } }

    /// Whether this rank neither sends nor receives.
    public var isEmpty: Bool { sends.isEmpty && receives.isEmpty }

    /// Adds a send of `byteCount` bytes at `offset` from the base to `peer`. Adds nothing if `byteCount` is 0.
    public mutating func send(offset: Int, byteCount: Int, to peer: Int) {
        guard byteCount > 0 else { return }
        sends.append(cmpi_transfer(peer: Int64(peer), offset: Int64(offset), bytes: Int64(byteCount)))
    }

    /// Adds a receive of `byteCount` bytes from `peer` at `offset` from the base. Adds nothing if `byteCount` is 0.
    public mutating func receive(offset: Int, byteCount: Int, from peer: Int) {
        guard byteCount > 0 else { return }
        receives.append(cmpi_transfer(peer: Int64(peer), offset: Int64(offset), bytes: Int64(byteCount)))
    }

    /// Reorders the sends to start with the peers after this rank. Otherwise all ranks would send to rank 0 first.
    public mutating func rotate(for rank: Int) {
        let first = sends.firstIndex { $0.peer > rank } ?? 0
        sends = Array(sends[first...] + sends[..<first])
    }

    /// Calls `body` for each send, with the peer and the byte range from the base.
    public func forEachSend(_ body: (_ peer: Int, _ bytes: Range<Int>) -> Void) { Self.forEach(sends, body) }

    /// Calls `body` for each receive, with the peer and the byte range from the base.
    public func forEachReceive(_ body: (_ peer: Int, _ bytes: Range<Int>) -> Void) { Self.forEach(receives, body) }

    private static func forEach(_ transfers: [cmpi_transfer], _ body: (Int, Range<Int>) -> Void) {
        for transfer in transfers { body(Int(transfer.peer), Int(transfer.offset)..<Int(transfer.offset + transfer.bytes)) }
    }

    /// Runs the plan. All messages are complete on return. Every rank that the plan names must run its own plan.
    public func run(
        in world: World, sending sendBase: UnsafeRawPointer?, receiving receiveBase: UnsafeMutableRawPointer?
    ) throws(CommunicationError) {
        guard !isEmpty else { return }
        let code = sends.withUnsafeBufferPointer { sends in
            receives.withUnsafeBufferPointer { receives in
                cmpi_exchange(
                    world.ordered, sendBase, sends.baseAddress, Int64(sends.count),
                    receiveBase, receives.baseAddress, Int64(receives.count))
            }
        }
        try check(code, "MPI_Isend, MPI_Irecv or MPI_Waitall")
    }
}
