import Failures
import Foundation

/// Checks of files that are named on the command line, before MPI starts.
enum InputFile {
    /// Checks that a file is there and can be read.
    static func check(_ path: String, namedBy option: String) throws(InputFileError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .missing(path: path, option: option, folder: FileManager.default.currentDirectoryPath)
        }
        if isFolder.boolValue { throw .isFolder(path: path, option: option) }
        guard FileManager.default.isReadableFile(atPath: path) else { throw .unreadable(path: path, option: option) }
    }
}

/// An input file that cannot be used.
enum InputFileError: UserFacingError {
    case missing(path: String, option: String, folder: String)
    case isFolder(path: String, option: String)
    case unreadable(path: String, option: String)
    /// A folder that `--resume` finds no run in.
    case noRun(path: String)
    /// A path that `verify` finds nothing at.
    case nothingToVerify(path: String)

    var exitStatus: ExitStatus { .inputMissing }

    var description: String {
        switch self {
        case .missing(let path, let option, let folder):
            "\(path): there is no such file. Check the path given with \(option); relative paths begin at \(folder)."
        case .isFolder(let path, let option):
            "\(path): this is a folder, and \(option) needs a file. Name the file in it."
        case .unreadable(let path, let option):
            "\(path): no permission to read the file that \(option) names. Change its permissions, or name a copy."
        case .noRun(let path):
            "\(path): there is no run to resume: no config.toml is in the folder. "
                + "Check --run, or leave out --resume to start a new run."
        case .nothingToVerify(let path):
            "\(path): neither a checkpoint nor the folder of a run is here. Check the path."
        }
    }
}
