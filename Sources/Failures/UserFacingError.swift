/// The exit statuses of rnntrain, after `sysexits.h`.
public enum ExitStatus: Int32, Sendable {
    /// Success.
    case done = 0
    /// The command line or the configuration is invalid.
    case usage = 64
    /// A text, a token file or a checkpoint has invalid content.
    case badData = 65
    /// An input file does not exist or cannot be opened.
    case inputMissing = 66
    /// An internal fault, or a fault of the machine.
    case fault = 70
    /// Reading or writing failed, for example because of a full disk, missing permission or a broken device.
    case inputOutput = 74
    /// Stopped on request, with a checkpoint. Run again with `--resume`.
    case preempted = 75
}

/// An error that a user can fix. Its description says what is wrong, where, and what to do.
///
/// Conforming types store the values (path, byte offset, expected, found), and compose the message from them.
public protocol UserFacingError: Error, CustomStringConvertible, Sendable {
    /// The exit status of the process.
    var exitStatus: ExitStatus { get }

    /// The message without the advice, for a fault that the program handles itself. Default: the whole message.
    var fault: String { get }
}

extension UserFacingError {
    public var fault: String { description }
}
