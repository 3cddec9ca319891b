import Foundation

/// This process's rank as the launcher tells it in the environment, known without MPI.
enum ProcessRank {
    /// Open MPI's, PMIx's, MPICH's and Slurm's variable; the first that is set counts.
    private static let variables = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"]

    /// The rank; 0 for a process that no launcher started.
    static let current: Int = {
        let environment = ProcessInfo.processInfo.environment
        return variables.lazy.compactMap { environment[$0].flatMap { Int($0) } }.first ?? 0
    }()

    /// Whether this is the rank that prints what all ranks know alike.
    static var speaks: Bool { current == 0 }
}
