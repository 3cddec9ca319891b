public import Failures
public import Files

/// A run folder that cannot be used as asked.
public enum RunFolderError: UserFacingError, Equatable {
    /// Another job writes into the run. Exit status 64.
    case held(path: String, holder: RunLock.Holder?)
    /// A job on another machine did not give its lock back, and whether it has ended cannot be seen. Exit status 64.
    case left(path: String, holder: RunLock.Holder)
    /// A fresh run was asked for where one is already, to which `file` belongs. Exit status 64.
    case holdsRun(path: String, file: String)
    /// A file that no run wrote has the name of a run's file. Exit status 64.
    case foreignFile(path: String, file: String)
    /// There is no run to go on with. Exit status 66.
    case noRun(path: String)
    /// The folder could not be made, listed or locked. Exit status 74.
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
