/// The reason for which a job ends before its run.
public enum StopReason: Equatable, Sendable {
    /// A signal, by its name.
    case signal(String)
    /// `--time-limit` is near.
    case timeLimit
    /// The end of the SLURM job is near.
    case jobEnd

    /// The reason in `metrics.jsonl`.
    public var name: String {
        switch self {
        case .signal(let name): name
        case .timeLimit: "time-limit"
        case .jobEnd: "slurm-job-end"
        }
    }

    /// The reason, after the word "stopped".
    var clause: String {
        switch self {
        case .signal("SIGXCPU"): "by SIGXCPU (the limit of CPU time, ulimit -t)"
        case .signal(let name): "by \(name)"
        case .timeLimit: "at the time limit (--time-limit)"
        case .jobEnd: "before the end of the SLURM job (SLURM_JOB_END_TIME)"
        }
    }
}
