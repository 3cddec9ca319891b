/// The statuses a process of rnntrain ends with, after `sysexits.h`.
public enum ExitStatus: Int32, Sendable {
    /// The work is done.
    case done = 0
    /// The command line or the configuration is wrong.
    case usage = 64
    /// A text, a token file or a checkpoint holds what it must not.
    case badData = 65
    /// An input file is missing or cannot be read.
    case inputMissing = 66
    /// A fault of ours, or of the machine below us.
    case fault = 70
    /// Reading or writing failed: full disk, no permission, broken device.
    case inputOutput = 74
    /// Stopped on request with a checkpoint: run again with `--resume`.
    case preempted = 75
}

/// An error that a user can mend: its description says what is wrong, where, and what to do about it.
///
/// Conforming types hold the values (path, byte offset, expected, found), and build the sentence from them.
public protocol UserFacingError: Error, CustomStringConvertible, Sendable {
    /// The status the process ends with.
    var exitStatus: ExitStatus { get }
}
