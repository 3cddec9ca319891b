internal import Failures
import Glibc

extension World {
    /// Runs work that may fail on any rank. Either it returns on all ranks, or it throws the same `RemoteFailure` on all ranks.
    ///
    /// The user then sees one message, and all ranks exit with the same status. The work must not be collective itself, unless its own
    /// failures are the same on all ranks.
    public func agree<T>(_ work: () throws -> T) throws -> T {
        let result = Result { try work() }
        try agree(onFailure: result.failure)
        return try result.get()
    }

    /// Runs work on rank 0 while the other ranks wait. Returns nil on the other ranks. A failure throws the same `RemoteFailure` on all ranks.
    public func agreeOnRoot<T>(_ work: () throws -> T) throws -> T? {
        try agree { isRoot ? try work() : nil }
    }

    /// Throws the failure of the lowest rank that failed, on all ranks.
    private func agree(onFailure failure: (any Error)?) throws {
        // The maximum of `rankCount - rank` gives the lowest failing rank; 0 means that no rank failed.
        let worst = try max(failure == nil ? 0 : rankCount - rank)
        guard worst > 0 else { return }
        let failing = rankCount - worst
        if rank == failing, let agreed = failure as? RemoteFailure {
            throw try share(agreed, from: failing)
        }
        throw try share(
            RemoteFailure(
                rank: failing, hostName: hostName, message: failure.map { "\($0)" } ?? "",
                exitStatus: (failure as? any UserFacingError)?.exitStatus ?? .fault),
            from: failing)
    }

    private func share(_ failure: RemoteFailure, from root: Int) throws -> RemoteFailure {
        RemoteFailure(
            rank: try broadcast(failure.rank, from: root), hostName: try broadcast(failure.hostName, from: root),
            message: try broadcast(failure.message, from: root),
            exitStatus: ExitStatus(rawValue: try broadcast(failure.exitStatus.rawValue, from: root)) ?? .fault)
    }

    /// Ends the program after an error.
    ///
    /// For a `RemoteFailure`, rank 0 prints it, and all ranks call `finish` and exit with its status. Collective in this case.
    /// Any other error belongs to this rank only, and other ranks may be waiting for it: prints `rank 3 (host): ...` and aborts the job. Local.
    public func end(with error: any Error) -> Never {
        runBeforeEnd()
        if let agreed = error as? RemoteFailure {
            if isRoot { Watchdog.waitingForDisk { StandardError.fail("\(message: agreed)") } }
            try? finish()  // the message is printed already: a second failure would hide it
            exit(agreed.exitStatus.rawValue)
        }
        let text = rankCount > 1 ? "rank \(rank) (\(hostName)): \(message: error)" : "\(message: error)"
        Watchdog.waitingForDisk { StandardError.fail(text) }
        // mpirun transports the line and the abort independently. The delay lets the line arrive first; otherwise it may be lost.
        if rankCount > 1 { usleep(100_000) }
        World.abort(exitStatus: ((error as? any UserFacingError)?.exitStatus ?? .fault).rawValue)
    }
}

extension Result {
    /// The error, if it is one.
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
