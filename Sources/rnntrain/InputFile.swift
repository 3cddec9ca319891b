import Failures
import Files
import Foundation

/// Checks of files that are named on the command line, before MPI starts.
enum InputFile {
    /// Checks that a file exists and is readable.
    ///
    /// - Parameter run: the folder of the run whose configuration names the file, if no option names it.
    static func check(_ path: String, namedBy option: String, ofRun run: String? = nil) throws(InputFileError) {
        if path == StandardInput.sign { throw .standardInput(option: option) }
        guard pathExists(path) else {
            let folder = workingFolder() ?? "."
            if let run { throw .textOfRunMissing(path: path, option: option, run: run, folder: folder) }
            throw .missing(path: path, option: option, folder: folder)
        }
        if isFolder(path) { throw .isFolder(path: path, option: option) }
        guard isReadable(path) else { throw .unreadable(path: path, option: option) }
    }
}

/// An input file that cannot be used.
enum InputFileError: UserFacingError {
    case missing(path: String, option: String, folder: String)
    /// A text that the configuration of the run to resume names.
    case textOfRunMissing(path: String, option: String, run: String, folder: String)
    case isFolder(path: String, option: String)
    case unreadable(path: String, option: String)
    /// A folder without a run, named for `--resume`.
    case noRun(path: String)
    /// The standard input, named instead of a file.
    case standardInput(option: String)
    /// A path without a checkpoint or a run, named for `verify`.
    case nothingToVerify(path: String)

    var exitStatus: ExitStatus {
        if case .standardInput = self { .usage } else { .inputMissing }
    }

    var description: String {
        switch self {
        case .missing(let path, let option, let folder):
            "\(quoting: path): no such file. Check the path given with \(option); relative paths start at \(folder)."
        case .textOfRunMissing(let path, let option, let run, let folder):
            "\(path): no such file; the run in \(run) was started with this text"
                + (isAbsolutePath(path) ? ". " : " (relative to the current folder, \(folder)). ")
                + "If the text was moved, give its new path with \(option)."
        case .isFolder(let path, let option):
            "\(quoting: path): this is a folder, but \(option) needs a file. Name a file in it."
        case .unreadable(let path, let option):
            "\(quoting: path): no permission to read the file given with \(option). Make it readable (chmod u+r), or name a copy."
        case .noRun(let path):
            "\(quoting: path): no run to resume: the folder has neither config.toml nor a checkpoint. Check --run, or restore the files. For a new "
                + "run, omit --resume; if this folder has the log or the best parameters of a run, name another one."
        case .standardInput(let option):
            "\(option) -: the standard input cannot be used here, because every process must be able to read the file, more than once. "
                + "Save the input to a file, and name the file (./- if its name is -)."
        case .nothingToVerify(let path):
            "\(quoting: path): not a checkpoint or a run folder. Check the path."
        }
    }
}
