public import Failures
public import Files

/// Errors of ARPA files.
public enum ARPAError: UserFacingError, Equatable {
    /// The file cannot be read or written.
    case file(FileError)
    /// The content is invalid. Lines are counted from 1.
    case malformed(path: String, line: Int, reason: String)

    public var exitStatus: ExitStatus {
        switch self {
        case .file(let error): error.exitStatus
        case .malformed: .badData
        }
    }

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .malformed(let path, let line, let reason):
            "\(path): line \(line) of this ARPA file: \(reason). Restore the file, or write it again."
        }
    }
}
