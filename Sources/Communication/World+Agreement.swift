public import Failures
import Glibc

/// A failure that every rank knows of: that of the lowest rank that failed, thrown on all of them.
public struct RemoteFailure: UserFacingError {
    /// The rank whose work failed.
    public let rank: Int
    /// That rank's host.
    public let hostName: String
    /// What that rank's error said, in its words.
    public let message: String
    public let exitStatus: ExitStatus

    /// The message; with the rank and its host where it was not rank 0, which users think of as the program.
    public var description: String { rank == 0 ? message : "rank \(rank) (\(hostName)): \(message)" }
}

extension World {
    /// Runs work that may fail on any rank: it returns on all of them or throws the same `RemoteFailure` on all of them.
    ///
    /// So one message appears, and all ranks end with the same status. The work must not be collective itself, unless its
    /// failures are already agreed.
    public func agree<T>(_ work: () throws -> T) throws -> T {
        let result = Result { try work() }
        try agree(onFailure: result.failure)
        return try result.get()
    }

    /// Runs work on rank 0 alone, which every rank waits for: all return (nil elsewhere) or all throw the same `RemoteFailure`.
    public func agreeOnRoot<T>(_ work: () throws -> T) throws -> T? {
        try agree { isRoot ? try work() : nil }
    }

    /// Throws the failure of the lowest rank that has one, on all ranks.
    private func agree(onFailure failure: (any Error)?) throws {
        // The lowest rank is found as a maximum; 0 is nobody.
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
    /// An agreed failure is printed by rank 0, and each rank ends MPI in order and exits with the agreed status. Any other error is
    /// this rank's alone, while the others may wait for it: it prints `rank 3 (host): ...` and aborts the job.
    /// To be called on all ranks for an agreed failure; local otherwise.
    public func end(with error: any Error) -> Never {
        if let agreed = error as? RemoteFailure {
            if isRoot { StandardError.print("\(message: agreed)") }
            try? finish()  // the message is out already: a second failure would only hide it
            exit(agreed.exitStatus.rawValue)
        }
        StandardError.print(rankCount > 1 ? "rank \(rank) (\(hostName)): \(message: error)" : "\(message: error)")
        // mpirun carries the line and the abort on separate ways: a little later, the line comes first, and is not lost.
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
