import Foundation
import Glibc

/// The command that resumes a run, as a person can enter it in the folder where this process was started.
package struct ResumeCommand {
    /// The command without the arguments of the program.
    private let start: [String]
    private let runFolder: String
    /// Whether this process is in a job of SLURM.
    private let isInJob: Bool

    /// - Parameters:
    ///   - arguments: the command line of this process, with its program.
    ///   - parent: the command line of the parent process; empty if it is unknown.
    package init(
        runFolder: String, rankCount: Int, arguments: [String] = CommandLine.arguments,
        environment: [String: String] = ProcessInfo.processInfo.environment, parent: [String] = Self.parentCommandLine
    ) {
        self.runFolder = runFolder.hasPrefix("-") ? "./" + runFolder : runFolder
        isInJob = environment["SLURM_JOB_ID"] != nil
        let program = arguments.first ?? "rnntrain"
        let ranks = ["-n", "\(rankCount)"]
        if let script = environment["RNNTRAIN_LAUNCHER"] {
            start = [script.contains("/") ? script : "./" + script] + ranks
        } else if environment["OMPI_COMM_WORLD_SIZE"] != nil {
            let launch = Self.launch(of: arguments, by: parent) ?? ["mpirun"] + ranks
            start = Self.allowingRoot(Self.sharingCores(launch, environment)) + [program]
        } else if environment["PMI_SIZE"] != nil {
            start = ["mpirun"] + ranks + [program]
        } else if environment["SLURM_PROCID"] != nil, rankCount > 1 {
            // srun starts separate processes without this option, unless the site has set it.
            start = ["srun"] + (environment["PMIX_RANK"] == nil ? [] : ["--mpi=pmix"]) + ranks + [program]
        } else {
            start = [program]
        }
    }

    /// The command, quoted for a shell.
    package var text: String { ShellText.line(start + ["--run", runFolder, "--resume"]) }

    /// What to do to resume the run. In a job of SLURM, the command alone would train where it is entered.
    package var advice: String { isInJob ? "submit the job again, or in an allocation: \(text)" : text }

    /// The launcher with its flags, if its command line ends with this program and its arguments, and starts no other program.
    private static func launch(of arguments: [String], by parent: [String]) -> [String]? {
        let flags = parent.dropLast(arguments.count)
        let launchers = ["mpirun", "mpiexec", "orterun"]
        guard let launcher = flags.first?.split(separator: "/").last, launchers.contains(String(launcher)),
            Array(parent.suffix(arguments.count)) == arguments, !flags.contains(":")
        else { return nil }
        return Array(flags)
    }

    /// Adds the flag that allows root. Open MPI refuses root without it, or without two variables that may be set for one command only.
    private static func allowingRoot(_ launch: [String]) -> [String] {
        let flag = "--allow-run-as-root"
        return geteuid() != 0 || launch.contains(flag) ? launch : [launch[0], flag] + launch.dropFirst()
    }

    /// Adds the flag that allows more ranks than cores, if Open MPI allows them by a variable, which may be set for one command only.
    private static func sharingCores(_ launch: [String], _ environment: [String: String]) -> [String] {
        let variable = environment["OMPI_MCA_rmaps_base_oversubscribe"]?.lowercased() ?? "0"
        if ["0", "false", "no", "off"].contains(variable) || launch.contains(where: { $0.lowercased().contains("oversubscribe") })
        {
            return launch
        }
        return [launch[0], "--oversubscribe"] + launch.dropFirst()
    }

    package static var parentCommandLine: [String] {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(getppid())/cmdline") else { return [] }
        return bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().map { String(decoding: $0, as: UTF8.self) }
    }
}
