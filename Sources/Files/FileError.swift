public import Failures
import Glibc

/// An operation on a file that the system refused, as the text after "cannot".
public enum FileOperation: String, Sendable {
    case open
    case examine = "read the status of"
    case map
    case openFolder = "open the folder"
    case examineEntry = "read the status of this name"
    case createTemporary = "create a temporary file"
    case write
    case rewind = "seek to the start"
    case synchronize = "synchronise"
    case close
    case rename = "rename the temporary file"
    case synchronizeFolder = "synchronise the folder"
}

/// A failure to find, read, write, list or lock a file or folder.
public enum FileError: UserFacingError, Equatable {
    /// The file does not exist. Exit status 66.
    case missing(path: String)
    /// The name refers to a folder. Exit status 66.
    case folder(path: String)
    /// The name refers to a pipe, a socket or a device. Exit status 66.
    case notRegular(path: String)
    /// The file cannot be opened (exit status 66), or its status or mapping cannot be obtained (74).
    case unreadable(path: String, operation: FileOperation, errorNumber: Int32)
    /// Part of the file cannot be read. Exit status 74.
    case notRead(path: String, byteOffset: Int, errorNumber: Int32)
    /// The file became shorter during reading. Exit status 65.
    case shortened(path: String, byteCount: Int, expected: Int)
    /// The file is larger than the program ever writes under this name. Exit status 65.
    case tooLarge(path: String, byteCount: Int, limit: Int)
    /// The new file was not created. The old file under this name is unchanged. Exit status 74.
    case notCommitted(path: String, operation: FileOperation, errorNumber: Int32)
    /// The new file is in place, but a power failure may restore the old one. Exit status 74.
    case durabilityUncertain(path: String, operation: FileOperation, errorNumber: Int32)
    /// The path of the open folder no longer refers to it. The folder was removed, or moved to `now` if that is known. Exit status 74.
    case folderGone(path: String, now: String?)
    /// A file that must stay in place during writes to its folder was removed or replaced. Exit status 74.
    case pinnedFileGone(path: String)
    /// The name of a file or folder to write or replace refers to something of another kind. Exit status 74.
    case inTheWay(path: String, found: EntryKind, expected: EntryKind)
    /// A file to be written in place has hard links. Exit status 74.
    case hasOtherNames(path: String, count: Int)
    /// Any other operation failed. Exit status 74, and 66 for a name that is too long.
    case failed(path: String, operation: String, errorNumber: Int32)

    public var exitStatus: ExitStatus {
        switch self {
        case .missing, .folder, .notRegular, .unreadable(_, .open, _), .failed(_, _, ENAMETOOLONG): .inputMissing
        case .shortened, .tooLarge: .badData
        case .unreadable, .notRead, .notCommitted, .durabilityUncertain, .folderGone, .pinnedFileGone, .inTheWay,
            .hasOtherNames, .failed:
            .inputOutput
        }
    }

    public var description: String {
        switch self {
        case .missing(let path):
            "\(path): no such file. Check the path, and that every node sees it."
        case .folder(let path):
            "\(path) is a folder. Name a file in it."
        case .notRegular(let path):
            "\(path) is a pipe or a device, which cannot be mapped. Save its contents to a file first, and name that file."
        case .unreadable(let path, .open, let number):
            "\(path): cannot open the file: \(systemText(number)). "
                + ([EMFILE, ENFILE].contains(number) ? advice(number, path) : "Check the path and its permissions.")
        case .unreadable(let path, let operation, let number):
            "\(path): cannot \(operation.rawValue) the file: \(systemText(number)). \(advice(number, path))"
        case .notRead(let path, let byteOffset, let number):
            "\(path): cannot read the file at byte \(byteOffset): \(systemText(number)). \(advice(number, path))"
        case .shortened(let path, let byteCount, let expected):
            "\(path): the file was shortened from \(expected) to \(byteCount) bytes while it was read. "
                + "Restore it, and start again when no other process writes to it."
        case .tooLarge(let path, let byteCount, let limit):
            "\(path): the file has \(byteCount) bytes; the maximum is \(limit). Restore the original file."
        case .notCommitted, .durabilityUncertain, .folderGone, .pinnedFileGone, .inTheWay, .hasOtherNames, .failed:
            writingDescription
        }
    }

    /// The description of a fault of writing.
    private var writingDescription: String {
        switch self {
        case .notCommitted(let path, let operation, let number):
            "\(path) was not written\(pathExists(path) ? ", and the previous file is unchanged" : ""): "
                + "cannot \(operation.rawValue): \(systemText(number)). \(advice(number, path))"
        case .durabilityUncertain(let path, let operation, let number):
            "\(path) was written, but may be lost if the machine fails now: "
                + "cannot \(operation.rawValue): \(systemText(number)). \(advice(number, path))"
        case .folderGone(let path, let now?):
            "\(path) was moved to \(now) while this job used it. The job ends and writes nothing more. "
                + (hasCheckpoints(now)
                    ? "Resume in the new folder: --run \(ShellText.quoted(now)) --resume."
                    : "It has no checkpoint yet: repeat the command with --run \(ShellText.quoted(now)) and without --resume.")
        case .folderGone(let path, nil):
            "\(path) was removed or replaced while this job used it. The job ends and writes nothing more. "
                + "Restore the folder and continue with --resume, or start a new run."
        case .pinnedFileGone(let path):
            "\(path) was removed or replaced while this job held it, so that another job may use the folder. This job ends. "
                + "If no other job has started there, continue with --resume."
        case .inTheWay(let path, let found, let expected):
            "\(path) is \(found.rawValue), but must be \(expected.rawValue). Nothing was changed. Move it away."
        case .hasOtherNames(let path, let count):
            "\(path) has \(count) hard links, and writing to it would change all of them. Nothing was changed. "
                + "Replace it by a copy."
        case .failed(let path, let operation, let number):
            "\(path): cannot \(operation): \(systemText(number)). \(advice(number, path))"
        default: ""
        }
    }
}

/// Whether a run folder has a checkpoint, or may have one because it cannot be read.
private func hasCheckpoints(_ folder: String) -> Bool {
    do throws(FileError) {
        return try (namesInFolder(folder + "/checkpoints") ?? []).contains { $0.hasPrefix("step-") }
    } catch { return true }
}

/// The system's text for an error number. Thread-safe since glibc 2.32.
package func systemText(_ errorNumber: Int32) -> String { String(cString: strerror(errorNumber)) }

/// Advice for an error number of a call on the file at `path`.
package func advice(_ errorNumber: Int32, _ path: String) -> String {
    switch errorNumber {
    case ENOSPC, EDQUOT: "Free disk space, or choose a folder on another disk."
    case EFBIG: "Raise the limit on file sizes (ulimit -f), or choose a folder on another file system."
    case EACCES, EPERM: permissionAdvice(path)
    case EROFS: "The file system is mounted read-only: choose a folder on another one."
    case ENOENT, ENOTDIR, EEXIST: "Check the path: one of its folders is missing or is a file."
    case ENAMETOOLONG, ELOOP: "Check the path."
    case EMFILE, ENFILE: "Raise the limit on open files (ulimit -n)."
    case EIO: "The disk may be failing: check the system log, or choose another disk."
    default: "Check the file system, or choose a folder on another one."
    }
}

private func userName(_ number: uid_t) -> String {
    getpwuid(number).map { "\(String(cString: $0.pointee.pw_name)) (\(number))" } ?? "\(number)"
}

/// Advice for a call on the file or folder at `path` that this process has no permission for.
private func permissionAdvice(_ path: String) -> String {
    var status = stat()
    guard RawByte.withCString(path, { stat($0, &status) }) == 0 else {
        return errno == EACCES
            ? "Make the folders of the path searchable (chmod u+x), or choose another folder."
            : "Make the folder writable (chmod u+w), or choose another folder."
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG where RawByte.withCString(path) { access($0, R_OK | W_OK) } != 0:
        if status.st_uid != geteuid() {
            return
                "It belongs to the user \(userName(status.st_uid)), who can give access to it (chmod) or change its owner (chown)."
        }
        return "Make the file readable and writable (chmod u+rw)."
    case S_IFDIR where RawByte.withCString(path) { access($0, R_OK | X_OK) } != 0:
        return "Make the folder readable and searchable (chmod u+rx)."
    default: return "Make the folder writable (chmod u+w), or choose another folder."
    }
}
