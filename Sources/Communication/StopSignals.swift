internal import CMPI

/// The signals that ask a run to stop. Handlers only take a note; all ranks agree on it at the end of a step.
public struct StopSignals: OptionSet, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// SIGUSR1, which mpirun forwards: write a checkpoint at the end of this step and leave.
    public static let checkpoint = StopSignals(rawValue: CMPI_SIGNAL_CHECKPOINT)
    /// SIGTERM: leave at the end of this step, as with the two below. mpirun kills two seconds after it has sent one.
    public static let termination = StopSignals(rawValue: CMPI_SIGNAL_TERMINATION)
    /// SIGINT, of Ctrl-C on a terminal.
    public static let interrupt = StopSignals(rawValue: CMPI_SIGNAL_INTERRUPT)
    /// SIGHUP, when the terminal is gone.
    public static let hangup = StopSignals(rawValue: CMPI_SIGNAL_HANGUP)

    /// All of them.
    public static let all: StopSignals = [.checkpoint, .termination, .interrupt, .hangup]

    /// Installs the handlers; false if the system refuses. A second SIGINT ends the process as usual.
    public static func install() -> Bool { cmpi_signals_install() == 0 }

    /// The signals that came to this rank so far.
    public static var received: StopSignals { StopSignals(rawValue: cmpi_signals_flags()) }

    /// The name of the one that was meant: where several came, the launcher's SIGTERM may have followed any other.
    public var name: String? {
        let named: [(StopSignals, String)] = [
            (.checkpoint, "SIGUSR1"), (.interrupt, "SIGINT"), (.hangup, "SIGHUP"), (.termination, "SIGTERM"),
        ]
        return named.first { contains($0.0) }?.1
    }
}
