import Checkpoints
import Communication
import Files
import Foundation

/// The checkpoint that `--checkpoint` names: a file or a run folder.
enum NamedCheckpoint {
    /// The file. For a run folder: the parameters with the lowest validation loss or, if there are none, the newest valid checkpoint. A note on
    /// the standard error output names it.
    ///
    /// Throws if there is no checkpoint (66) or no valid checkpoint (65).
    static func file(_ path: String) throws -> String {
        var isFolder: ObjCBool = false
        guard path != StandardInput.sign, FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
        else {
            try InputFile.check(path, namedBy: "--checkpoint")
            return path
        }
        let taken = try file(inRun: CheckpointFolder(runFolder: path), path)
        StandardError.note("--checkpoint \(path) is a run folder; using \(taken).")
        return taken
    }

    private static func file(inRun folder: CheckpointFolder, _ path: String) throws -> String {
        if pathExists(folder.bestPath) { return folder.bestPath }
        if try folder.generations().isEmpty { throw InputFileError.noCheckpoint(path: path) }
        let newest = try folder.newestValid()
        for damaged in newest.passedOver { StandardError.warn(damaged.description) }
        return newest.generation.path
    }
}
