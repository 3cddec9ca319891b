public import Failures

/// A failure that all ranks agree on: the error of the lowest rank that failed, thrown on all ranks.
public struct RemoteFailure: UserFacingError {
    /// The rank that failed.
    public let rank: Int
    /// The host of that rank.
    public let hostName: String
    /// The description of that rank's error.
    public let message: String
    public let exitStatus: ExitStatus

    /// The message. It begins with the rank and its host if the rank is not rank 0.
    public var description: String { rank == 0 ? message : "rank \(rank) (\(hostName)): \(message)" }
}
