import Communication
import Failures
import Training

/// The signals before the work of a command begins.
///
/// A rank notes them from its first instructions on: they must not end it while MPI starts. A process without a launcher that trains
/// ends at once, with the status and the message of a run that is stopped before its first step. The commands without MPI keep the default
/// disposition, which `StopSignals.release` restores when the command is known.
enum EarlySignals {
    /// The options of training whose command does other work.
    private static let otherWork = ["--help", "-h", "--version", "--print-config", "--dry-run"].map { Array($0.utf8) }
    private static let otherCommands = ["benchmark", "help"].map { Array($0.utf8) }

    static func hold() {
        let arguments = CommandLineArguments.bytes
        guard Speakers(arguments) == .rankZero, !CheckOnly.isAsked else { return }
        if World.isLaunched {
            _ = StopSignals.install()  // `runTraining` reports a refusal
        } else if !arguments.contains(where: otherWork.contains), !(arguments.first.map(otherCommands.contains) ?? false) {
            StopSignals.endProcess(exitStatus: ExitStatus.preempted.rawValue) { name in
                "rnntrain: error: \(TrainingError.stoppedBeforeStart(.signal(name)))"
            }
        }
    }
}
