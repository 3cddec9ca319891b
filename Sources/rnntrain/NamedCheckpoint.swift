import Checkpoints
import Communication
import Files
import Foundation

/// The checkpoint that `--checkpoint` names: a file, or the folder of a run.
enum NamedCheckpoint {
    /// The file: of a run's folder the best parameters on validation, or the newest good checkpoint where there are none. Which one is taken is
    /// noted on the standard error output.
    ///
    /// Throws where nothing of the kind is there (66), or no checkpoint is good (65).
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
