internal import CMPI

/// Who sends which bytes to whom: a sparse all-to-all of any sizes, planned once and run at every step.
///
/// Both sides must plan the transfers between two ranks in the same order. Running allocates nothing after the first time,
/// copies nothing of ours, and makes no call where there is nothing to transfer.
public struct TransferPlan {
    private var sends: [cmpi_transfer] = []
    private var receives: [cmpi_transfer] = []

    /// An empty plan.
    public init() {}

    /// Bytes that leave this rank in one run.
    public var sentByteCount: Int { sends.reduce(0) { $0 + Int($1.bytes) } }

    /// Whether this rank neither sends nor receives.
    public var isEmpty: Bool { sends.isEmpty && receives.isEmpty }

    /// Sends `byteCount` bytes at `offset` from the base to `peer`; nothing if there are none.
    public mutating func send(offset: Int, byteCount: Int, to peer: Int) {
        guard byteCount > 0 else { return }
        sends.append(cmpi_transfer(peer: Int64(peer), offset: Int64(offset), bytes: Int64(byteCount)))
    }

    /// Receives `byteCount` bytes from `peer` at `offset` from the base; nothing if there are none.
    public mutating func receive(offset: Int, byteCount: Int, from peer: Int) {
        guard byteCount > 0 else { return }
        receives.append(cmpi_transfer(peer: Int64(peer), offset: Int64(offset), bytes: Int64(byteCount)))
    }

    /// Starts the sends with the peers after this rank, so that not all ranks send to rank 0 first.
    public mutating func rotate(for rank: Int) {
        let first = sends.firstIndex { $0.peer > rank } ?? 0
        sends = Array(sends[first...] + sends[..<first])
    }

    /// Calls `body` with each peer that is sent to, and the bytes, from the base, that it is sent.
    public func forEachSend(_ body: (_ peer: Int, _ bytes: Range<Int>) -> Void) { Self.forEach(sends, body) }

    /// Calls `body` with each peer that is received from, and the bytes, from the base, that come from it.
    public func forEachReceive(_ body: (_ peer: Int, _ bytes: Range<Int>) -> Void) { Self.forEach(receives, body) }

    private static func forEach(_ transfers: [cmpi_transfer], _ body: (Int, Range<Int>) -> Void) {
        for transfer in transfers { body(Int(transfer.peer), Int(transfer.offset)..<Int(transfer.offset + transfer.bytes)) }
    }

    /// Runs the plan: every transfer is complete on return. Every rank that the plan names must run its own.
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
