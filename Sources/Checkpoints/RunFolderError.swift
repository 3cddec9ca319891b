public import Failures
public import Files

/// A run folder that cannot be used for the requested purpose.
public enum RunFolderError: UserFacingError, Equatable {
    /// Another job is writing to the run. Exit status 64.
    case held(path: String, holder: RunLock.Holder?)
    /// A job on another machine left its lock, and it is unknown whether that job has ended. Exit status 64.
    case left(path: String, holder: RunLock.Holder)
    /// A new run was requested, but the folder has a run, to which `file` belongs. Exit status 64.
    case holdsRun(path: String, file: String)
    /// A file has the name of a run's file, but no run wrote it. Exit status 64.
    case foreignFile(path: String, file: String)
    /// There is no run to continue. Exit status 66.
    case noRun(path: String)
    /// The folder cannot be created, listed or locked. Exit status 74.
    case file(FileError)

    public var exitStatus: ExitStatus {
        switch self {
        case .held, .left, .holdsRun, .foreignFile: .usage
        case .noRun: .inputMissing
        case .file(let error): error.exitStatus
        }
    }

    public var description: String {
        switch self {
        case .held(let path, let holder):
            "\(path) is in use by \(holder.map(\.description) ?? "another job"). "
                + "Wait until that job ends, or end it, or choose another folder with --run."
        case .left(let path, let holder):
            "\(path) was locked by \(holder), and whether that job has ended cannot be seen from here. "
                + "If it has, add --break-lock; otherwise wait, or choose another folder with --run."
        case .holdsRun(let path, let file):
            "\(path) already holds a run: \(file) is there. Go on with it by --resume, or choose another folder with --run."
        case .foreignFile(let path, let file):
            "\(file) was not written by a run, and a run in \(path) would write over it: nothing was changed. "
                + "Move it away, or choose another folder with --run."
        case .noRun(let path): "\(path) holds no run to go on with. Check --run, or start anew without --resume."
        case .file(let error): error.description
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
