internal import CMPI

/// The signals that ask a run to stop. Handlers only take a note; all ranks agree on it at the end of a step.
public struct StopSignals: OptionSet, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// SIGUSR1, which mpirun forwards: write a checkpoint at the end of this step and leave.
    public static let checkpoint = StopSignals(rawValue: CMPI_SIGNAL_CHECKPOINT)
    /// SIGTERM or SIGINT: leave at the end of this step. mpirun kills two seconds later.
    public static let stop = StopSignals(rawValue: CMPI_SIGNAL_STOP)

    /// Installs the handlers; false if the system refuses. A second SIGINT ends the process as usual.
    public static func install() -> Bool { cmpi_signals_install() == 0 }

    /// The signals that came to this rank so far.
    public static var received: StopSignals { StopSignals(rawValue: cmpi_signals_flags()) }
}
