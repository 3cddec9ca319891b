public import Failures
public import Files
import Glibc

/// A run folder that cannot be used for the requested purpose.
public enum RunFolderError: UserFacingError, Equatable {
    /// Another job is writing to the run. Exit status 64.
    case held(path: String, holder: RunLock.Holder?)
    /// A job on another machine left its lock, and it is unknown whether that job has ended. Exit status 64.
    case left(path: String, holder: RunLock.Holder)
    /// A new run was requested, but the folder has a run, to which `file` belongs. Exit status 64.
    case holdsRun(path: String, file: String)
    /// The folder has a file of a run that cannot be resumed: there is neither a configuration nor a checkpoint. Exit status 64.
    case holdsRemains(path: String, file: String)
    /// A file has the name of a run's file, but no run wrote it. Exit status 64.
    case foreignFile(path: String, file: String)
    /// The folder has a configuration, but neither a checkpoint nor the lock of a run. Exit status 66.
    case onlyConfiguration(path: String, file: String)
    /// There is no run to continue. Exit status 66.
    case noRun(path: String)
    /// The folder cannot be created, listed or locked. Exit status 74.
    case file(FileError)

    public var exitStatus: ExitStatus {
        switch self {
        case .held, .left, .holdsRun, .holdsRemains, .foreignFile: .usage
        case .onlyConfiguration, .noRun: .inputMissing
        case .file(let error): error.exitStatus
        }
    }

    public var description: String {
        switch self {
        case .held(let path, let holder):
            "\(path) is in use by \(holder.map(\.description) ?? "another job"). "
                + "Wait until that job ends, stop it, or choose another folder with --run."
        case .left(let path, let holder):
            "\(path) was locked by \(holder), and this machine cannot tell whether that job has ended. "
                + "If it has ended, add --break-lock; otherwise wait, or choose another folder with --run."
        case .holdsRun(let path, let file):
            "\(path) already contains a run (\(file)). Resume it with --resume, or choose another folder with --run."
        case .holdsRemains(let path, let file):
            "\(file) exists, but \(path) has neither a config.toml nor a checkpoint to resume from. Move the file away, or choose another folder "
                + "with --run."
        case .foreignFile(let path, let file):
            "\(file) was not written by a run, but a run in \(path) would overwrite it. Nothing was changed. "
                + "Move it away, or choose another folder with --run."
        case .onlyConfiguration(let path, let file):
            "\(path) has a configuration, but neither a checkpoint nor the lock of a run. Restore the files of the run; or start a new run with this "
                + "configuration: --config \(ShellText.quoted(file)) --run NEWFOLDER."
        case .noRun(let path): "\(path) contains no run to resume. Check --run, or omit --resume to start a new run."
        case .file(let error): error.description
        }
    }
}

extension RunFolderError {
    /// Whether the folder, or one of its parents, does not exist or is another one than before.
    var isOfMissingFolder: Bool {
        switch self {
        case .file(.folderGone), .file(.failed(_, _, ENOENT)): true
        default: false
        }
    }
}

@discardableResult
func asRunFolderError<Result>(_ body: () throws(FileError) -> Result) throws(RunFolderError) -> Result {
    do throws(FileError) {
        return try body()
    } catch {
        throw .file(error)
    }
}
