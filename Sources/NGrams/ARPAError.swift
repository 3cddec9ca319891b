public import Failures
public import Files

/// Errors of ARPA files.
public enum ARPAError: UserFacingError, Equatable {
    /// The file cannot be read or written.
    case file(FileError)
    /// The file was written while it was read.
    case fileChanged(path: String)
    /// The file has another format, such as gzip.
    case otherFormat(path: String, FileFormat)
    /// The content is invalid. Lines are counted from 1.
    case malformed(path: String, line: Int, reason: String)

    public var exitStatus: ExitStatus {
        switch self {
        case .file(let error): error.exitStatus
        case .fileChanged, .otherFormat, .malformed: .badData
        }
    }

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .fileChanged(let path):
            "\(path): the file changed while it was read. Start again when no other process writes to it."
        case .otherFormat(let path, let format): "\(path): this is \(format.name), not an ARPA file. \(format.advice)."
        case .malformed(let path, let line, let reason):
            "\(path): line \(line) of this ARPA file: \(reason). Restore the file, or write it again."
        }
    }
}
