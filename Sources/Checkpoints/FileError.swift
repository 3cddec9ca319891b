public import Failures
import Glibc

/// A file or folder that could not be written, read, listed or locked. Exit status 74.
public enum FileError: UserFacingError, Equatable {
    /// The new file did not come to be; what was under this name before is untouched.
    case notCommitted(path: String, operation: String, errorNumber: Int32)
    /// The new file is in place, but a power failure now may bring the old one back.
    case durabilityUncertain(path: String, operation: String, errorNumber: Int32)
    /// Any other operation failed.
    case failed(path: String, operation: String, errorNumber: Int32)

    public var exitStatus: ExitStatus { .inputOutput }

    public var description: String {
        switch self {
        case .notCommitted(let path, let operation, let number):
            "\(path) was not written, and what was there before is untouched: "
                + "cannot \(operation): \(systemText(number)). \(advice(number))"
        case .durabilityUncertain(let path, let operation, let number):
            "\(path) is written, but may be lost if the machine fails now: "
                + "cannot \(operation): \(systemText(number)). \(advice(number))"
        case .failed(let path, let operation, let number):
            "\(path): cannot \(operation): \(systemText(number)). \(advice(number))"
        }
    }

    /// The system's number for what went wrong, as in `errno`.
    public var errorNumber: Int32 {
        switch self {
        case .notCommitted(_, _, let number), .durabilityUncertain(_, _, let number), .failed(_, _, let number): number
        }
    }
}

/// The system's words for an error number. Thread-safe in glibc since 2.32.
func systemText(_ errorNumber: Int32) -> String { String(cString: strerror(errorNumber)) }

private func advice(_ errorNumber: Int32) -> String {
    switch errorNumber {
    case ENOSPC, EDQUOT: "Free space there, or choose a folder on another disk."
    case EFBIG: "Raise the limit on file sizes (ulimit -f), or choose a folder on another file system."
    case EACCES, EPERM, EROFS: "Make the folder writable for you, or choose another."
    case ENOENT, ENOTDIR, EEXIST: "Check the path: a folder of it is missing or is a file."
    case EMFILE, ENFILE: "Raise the limit on open files (ulimit -n)."
    case EIO: "The disk may be failing: look at the system's log, or choose another disk."
    default: "Look at the file system, or choose a folder on another."
    }
}
