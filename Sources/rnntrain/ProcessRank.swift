import Foundation

/// The rank of this process from the launcher's environment variables, without MPI.
enum ProcessRank {
    /// The variables of Open MPI, PMIx, MPICH and SLURM; the first that is set counts.
    private static let variables = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"]

    /// The rank; 0 for a process without a launcher.
    static let current: Int = {
        let environment = ProcessInfo.processInfo.environment
        return variables.lazy.compactMap { environment[$0].flatMap { Int($0) } }.first ?? 0
    }()

    /// Whether this rank prints the messages that all ranks have.
    static var speaks: Bool { current == 0 }
}
