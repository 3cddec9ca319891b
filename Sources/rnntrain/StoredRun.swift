import Checkpoints
import Communication
import Configuration
import Files
import Foundation
import Runs

/// The run to resume: the part that is read before MPI starts.
enum StoredRun {
    /// The stored configuration of the run, with its folder.
    ///
    /// Keys that `config.toml` lacks are taken from the newest valid checkpoint, and a note names it. Throws if there is neither.
    static func configuration(in path: String) throws -> TrainingConfiguration {
        let folder = RunFolder(path: path)
        // This check comes first, because opening a pipe with the name of one of the files would block.
        try folder.requireKinds()
        var configuration: TrainingConfiguration
        if pathExists(folder.configurationPath) {
            let file = try ConfigurationFile(path: folder.configurationPath)
            configuration = try completed(file, in: folder)
        } else {
            guard let newest = try RunRecords(folder).newestCheckpoint() else { throw InputFileError.noRun(path: path) }
            configuration = newest.contents.configuration
        }
        configuration.run = path
        return configuration
    }

    private static func completed(_ file: ConfigurationFile, in folder: RunFolder) throws -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        if !file.absentKeys.isEmpty {
            guard let newest = try RunRecords(folder).newestCheckpoint() else {
                throw ConfigurationFileError.incomplete(path: file.path, keys: file.absentKeys)
            }
            configuration = newest.contents.configuration
            note(file, newest.generation.path)
        }
        file.apply(to: &configuration)
        return configuration
    }

    private static func note(_ file: ConfigurationFile, _ checkpoint: String) {
        guard ProcessRank.speaks, !CheckOnly.isAsked else { return }
        let keys = ConfigurationFileError.list(file.absentKeys)
        StandardError.note("\(file.path) lacks \(keys): taken from \(checkpoint).")
    }
}
