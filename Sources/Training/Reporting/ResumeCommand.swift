import Communication
import Failures
import Files
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
    ///   - grandparent: that of its parent.
    package init(
        runFolder: String, rankCount: Int, arguments: [String] = Self.commandLine,
        environment: [String: String] = Self.environment, parent: [String] = Self.parentCommandLine,
        grandparent: [String] = Self.grandparentCommandLine
    ) {
        self.runFolder = runFolder.utf8.first == UInt8(ascii: "-") ? "./" + runFolder : runFolder
        isInJob = environment["SLURM_JOB_ID"] != nil
        let program = arguments.first ?? "rnntrain"
        let ranks = ["-n", "\(rankCount)"]
        if let script = environment[Self.launcher] {
            start = [script.unicodeScalars.contains("/") ? script : "./" + script] + ranks
        } else if environment["OMPI_COMM_WORLD_SIZE"] != nil {
            let launch = Self.launch(of: arguments, by: parent) ?? ["mpirun"] + ranks
            start = Self.allowingRoot(Self.sharingCores(launch, environment)) + [program]
        } else if let launcher = Self.hydraLauncher(environment, parent: parent, grandparent: grandparent) {
            start = [launcher] + ranks + [program]
        } else if environment["SLURM_PROCID"] != nil, rankCount > 1 {
            start = ["srun"] + Self.interface(environment) + ranks + [program]
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
        guard let launcher = flags.first, launchers.contains(base(launcher)),
            Array(parent.suffix(arguments.count)) == arguments, !flags.contains(":")
        else { return nil }
        return Array(flags)
    }

    /// MPICH's launcher, by the name under which it was started: beside Open MPI, `mpirun` may be Open MPI's. Nil if it has not started this process.
    private static func hydraLauncher(_ environment: [String: String], parent: [String], grandparent: [String]) -> String? {
        guard environment["PMI_SIZE"] != nil else { return nil }
        let isProxy = parent.first?.hasSuffix("hydra_pmi_proxy") ?? false
        if isProxy, let launcher = grandparent.first, launchers.contains(where: base(launcher).hasPrefix) { return launcher }
        return isProxy || environment["SLURM_PROCID"] == nil ? "mpirun" : nil
    }

    /// The option with which srun starts the ranks of one job. Without it srun starts separate processes, unless the site has set it.
    private static func interface(_ environment: [String: String]) -> [String] {
        if environment["PMIX_RANK"] != nil { return ["--mpi=pmix"] }
        return environment["PMI_SIZE"] == nil ? [] : ["--mpi=pmi2"]
    }

    private static let launchers = ["mpirun", "mpiexec", "orterun"]

    private static func base(_ path: String) -> String { pathNames(path).last ?? path }

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

    /// The command line of this process.
    package static var commandLine: [String] {
        (0..<Int(CommandLine.argc)).compactMap { CommandLine.unsafeArgv[$0].map { RawByte.text(cString: $0) } }
    }

    /// The environment of this process, with the name of the script that started it as any bytes.
    package static var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        if let script = getenv(launcher) { environment[launcher] = RawByte.text(cString: script) }
        return environment
    }

    /// Names the script that started this process.
    private static let launcher = "RNNTRAIN_LAUNCHER"

    /// The command line of the parent process.
    package static var parentCommandLine: [String] { texts(ProcessRecord.parent) }

    /// The command line of its parent.
    package static var grandparentCommandLine: [String] { texts(ProcessRecord.parent.parent) }

    private static func texts(_ process: ProcessRecord?) -> [String] {
        (process?.arguments ?? []).map { RawByte.text(of: $0) }
    }
}
