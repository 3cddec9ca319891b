internal import CMPI
import Glibc

/// The signals that request the end of a run. A handler only sets a flag; all ranks combine their flags at the end of a step.
public struct StopSignals: OptionSet, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// SIGUSR1, which mpirun forwards: write a checkpoint at the end of this step, then exit.
    public static let checkpoint = StopSignals(rawValue: CMPI_SIGNAL_CHECKPOINT)
    /// SIGTERM: exit at the end of this step. mpirun sends SIGKILL two seconds after SIGTERM.
    public static let termination = StopSignals(rawValue: CMPI_SIGNAL_TERMINATION)
    /// SIGINT, from Ctrl-C on a terminal: exit at the end of this step.
    public static let interrupt = StopSignals(rawValue: CMPI_SIGNAL_INTERRUPT)
    /// SIGHUP, after the terminal closed: exit at the end of this step.
    public static let hangup = StopSignals(rawValue: CMPI_SIGNAL_HANGUP)

    /// SIGUSR2, which mpirun forwards, and which some batch systems send before they end a job: as SIGUSR1.
    public static let user = StopSignals(rawValue: CMPI_SIGNAL_USER)
    /// SIGXCPU, before the limit of CPU time (`ulimit -t`): as SIGUSR1.
    public static let cpuLimit = StopSignals(rawValue: CMPI_SIGNAL_CPU_LIMIT)

    /// Each signal, in the order of the flags.
    static let each: [StopSignals] = (0..<CMPI_SIGNAL_COUNT).map { StopSignals(rawValue: 1 << $0) }
    /// All signals.
    public static let all = StopSignals(each)

    /// Installs the handlers. Returns false if the system refuses. A second SIGINT, a second or more after the first, ends the process.
    ///
    /// A rank calls it before MPI starts: if a signal ends a rank inside `MPI_Init`, Open MPI's launcher may wait forever.
    public static func install() -> Bool { cmpi_signals_install() == 0 }

    /// Until `install` or `release`, a signal ends this process with `exitStatus`. `line` makes the line on standard error from the
    /// name of the signal.
    public static func endProcess(exitStatus: Int32, line: (_ name: String) -> String) {
        let lines = each.map { UnsafePointer(strdup(line($0.name ?? "") + "\n")) }
        // A refusal leaves the default disposition, which also ends the process.
        _ = cmpi_signals_end_process(lines, exitStatus)
    }

    /// Restores the dispositions from before the handlers. A signal that arrived meanwhile has its effect now. Returns false if
    /// the system refuses.
    @discardableResult
    public static func release() -> Bool { cmpi_signals_release() == 0 }

    /// The signals that this rank has received so far.
    public static var received: StopSignals { StopSignals(rawValue: cmpi_signals_flags()) }

    /// Notes that the work of this rank has ended. Calls after the first one have no effect.
    public static func noteEndOfWork() { cmpi_signals_note_end() }

    /// Whether a signal has come after `noteEndOfWork`. It ends waits for the readers of the output.
    public static var hasComeAfterEnd: Bool { cmpi_signals_after_end() > 0 }

    /// The name of the signal that the user sent. SIGTERM comes last, because the launcher may send it after any other signal.
    public var name: String? {
        let named: [(StopSignals, String)] = [
            (.checkpoint, "SIGUSR1"), (.interrupt, "SIGINT"), (.hangup, "SIGHUP"), (.user, "SIGUSR2"), (.cpuLimit, "SIGXCPU"),
            (.termination, "SIGTERM"),
        ]
        return named.first { contains($0.0) }?.1
    }
}
