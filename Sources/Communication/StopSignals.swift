internal import CMPI

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

    /// All four signals.
    public static let all: StopSignals = [.checkpoint, .termination, .interrupt, .hangup]

    /// Installs the handlers. Returns false if the system refuses. A second SIGINT ends the process.
    public static func install() -> Bool { cmpi_signals_install() == 0 }

    /// From now on, SIGUSR1 is recorded and does not end the process, because a launcher may pass it on before the handlers are
    /// installed. Returns false if the system refuses.
    public static func holdCheckpointSignal() -> Bool { cmpi_signals_hold_checkpoint() == 0 }

    /// The signals that this rank has received so far.
    public static var received: StopSignals { StopSignals(rawValue: cmpi_signals_flags()) }

    /// The name of the signal that the user sent. SIGTERM comes last, because the launcher may send it after any other signal.
    public var name: String? {
        let named: [(StopSignals, String)] = [
            (.checkpoint, "SIGUSR1"), (.interrupt, "SIGINT"), (.hangup, "SIGHUP"), (.termination, "SIGTERM"),
        ]
        return named.first { contains($0.0) }?.1
    }
}
