import Failures
import Files
import Foundation

/// Checks of files that are named on the command line, before MPI starts.
enum InputFile {
    /// Checks that a file is there and can be read.
    ///
    /// - Parameter run: the folder of the run whose configuration names the file, where no option does.
    static func check(_ path: String, namedBy option: String, ofRun run: String? = nil) throws(InputFileError) {
        if path == StandardInput.sign { throw .standardInput(option: option) }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            let folder = FileManager.default.currentDirectoryPath
            if let run { throw .textOfRunMissing(path: path, option: option, run: run, folder: folder) }
            throw .missing(path: path, option: option, folder: folder)
        }
        if isFolder.boolValue { throw .isFolder(path: path, option: option) }
        guard FileManager.default.isReadableFile(atPath: path) else { throw .unreadable(path: path, option: option) }
    }
}

/// An input file that cannot be used.
enum InputFileError: UserFacingError {
    case missing(path: String, option: String, folder: String)
    /// A text that the configuration of a run to resume names.
    case textOfRunMissing(path: String, option: String, run: String, folder: String)
    case isFolder(path: String, option: String)
    case unreadable(path: String, option: String)
    /// A folder that `--resume` finds no run in.
    case noRun(path: String)
    /// The standard input, where a file is needed.
    case standardInput(option: String)
    /// A folder that `--checkpoint` names and that has none.
    case noCheckpoint(path: String)
    /// A path that `verify` finds nothing at.
    case nothingToVerify(path: String)

    var exitStatus: ExitStatus {
        if case .standardInput = self { .usage } else { .inputMissing }
    }

    var description: String {
        switch self {
        case .missing(let path, let option, let folder):
            "\(quoting: path): there is no such file. Check the path given with \(option); relative paths begin at \(folder)."
        case .textOfRunMissing(let path, let option, let run, let folder):
            "\(path): there is no such file, and the run in \(run) was started with it"
                + (path.hasPrefix("/") ? ". " : " (seen from \(folder), where a relative path begins now). ")
                + "If the text was moved, name it with \(option): the run goes on with the same text under any path."
        case .isFolder(let path, let option):
            "\(quoting: path): this is a folder, and \(option) needs a file. Name the file in it."
        case .unreadable(let path, let option):
            "\(quoting: path): no permission to read the file that \(option) names. Change its permissions, or name a copy."
        case .noRun(let path):
            "\(quoting: path): there is no run to resume: no config.toml is in the folder. "
                + "Check --run, or leave out --resume to start a new run."
        case .standardInput(let option):
            "\(option) -: the standard input cannot be read here: a file is needed, which can be read by every process, and again. "
                + "Save it to a file, and name that (./- if it is called -)."
        case .noCheckpoint(let path):
            "\(path): there is no checkpoint in this folder: neither best.safetensors nor checkpoints/step-*.safetensors. "
                + "Name the folder of a run, or a checkpoint's file, with --checkpoint."
        case .nothingToVerify(let path):
            "\(quoting: path): neither a checkpoint nor the folder of a run is here. Check the path."
        }
    }
}
