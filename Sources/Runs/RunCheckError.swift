public import Failures

/// A resource that is insufficient for a run, found before its first step.
public enum RunCheckError: UserFacingError, Equatable {
    /// The memory of a host is too small. `isLeast`: `needed` is a lower bound.
    case memory(host: String, ranks: Int, needed: Double, available: Int, isLeast: Bool)
    /// A limit of a rank's process is too low. `isLeast`: `needed` is a lower bound.
    case processLimit(host: String, rank: Int, limit: String, needed: Double, available: Int, isLeast: Bool)
    /// The file system of the run folder has too little free space.
    case disk(folder: String, needed: Int, available: Int, checkpoint: Int)

    public var exitStatus: ExitStatus {
        switch self {
        case .memory, .processLimit: .fault
        case .disk: .inputOutput
        }
    }

    public var description: String {
        switch self {
        case .memory(let host, let ranks, let needed, let available, let isLeast):
            "\(host): too little memory: \(ranks == 1 ? "its rank needs" : "its \(ranks) ranks need") "
                + "\(isLeast ? "more than " : "")\(NumberText.bytes(needed)), but \(NumberText.bytes(Double(available))) are available. "
                + "Use smaller sizes (hidden, embedding, layers, batch, window, vocabulary), raise a limit (ulimit -v, ulimit -d), or use "
                + "more or larger hosts."
        case .processLimit(let host, let rank, let limit, let needed, let available, let isLeast):
            "rank \(rank) (\(host)): the limit of the process (\(limit)) is too low: the model needs \(isLeast ? "more than " : "")"
                + "\(NumberText.bytes(needed)), but the limit leaves \(NumberText.bytes(Double(available))) for it. Raise the limit, or use "
                + "smaller sizes (hidden, embedding, layers, batch, window, vocabulary)."
        case .disk(let folder, let needed, let available, let checkpoint):
            "\(folder): too little disk space: the run needs \(NumberText.bytes(Double(needed))), for checkpoints of "
                + "\(NumberText.bytes(Double(checkpoint))) each, token files and the log, but \(NumberText.bytes(Double(available))) "
                + "are free. Free disk space, or choose a folder on another disk with --run; copy a run that is resumed there first."
        }
    }
}
