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

    /// Whether this process prints messages that all ranks have. Rank 0 prints them, and so does a process that a shell has
    /// started although it has the variables of a launcher, as on a node of a SLURM job, where there may be no rank 0.
    static let speaks: Bool = current == 0 || !hasLauncherAsParent

    /// Whether mpirun has started the same work on rank 0, which does it for all ranks. False if that is not certain: the processes of srun, of
    /// other hosts, and of scripts may each have work of their own.
    static let repeatsRankZero: Bool = current != 0 && LauncherCommand()?.startsSameWorkOnAllRanks == true

    private static let launchers = [
        "mpirun", "mpiexec", "orterun", "orted", "prterun", "prted", "prte", "hydra_", "pmi_proxy", "srun", "slurmstepd", "aprun",
        "jsrun", "palsd",
    ]

    private static var hasLauncherAsParent: Bool {
        guard let name = FileManager.default.contents(atPath: "/proc/\(getppid())/comm") else { return true }
        let parent = String(decoding: name, as: UTF8.self)
        return launchers.contains { parent.hasPrefix($0) }
    }
}
