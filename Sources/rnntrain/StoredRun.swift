import Checkpoints
import Foundation
import Training

/// The run to resume, as far as it is read before MPI starts.
enum StoredRun {
    /// The stored configuration of the run, with its folder.
    static func configuration(in folder: String) throws -> TrainingConfiguration {
        // First, because opening a pipe with the name of one of the files would block.
        try RunFolder(path: folder).requireKinds()
        let path = folder + "/config.toml"
        guard FileManager.default.fileExists(atPath: path) else { return try keptConfiguration(in: folder) }
        var configuration = TrainingConfiguration()
        try ConfigurationFile(path: path).apply(to: &configuration)
        configuration.run = folder
        return configuration
    }

    /// The configuration in the newest valid checkpoint, for a folder without config.toml.
    private static func keptConfiguration(in folder: String) throws -> TrainingConfiguration {
        let checkpoints = CheckpointFolder(runFolder: folder)
        guard FileManager.default.fileExists(atPath: checkpoints.path), try !checkpoints.generations().isEmpty else {
            throw InputFileError.noRun(path: folder)
        }
        var configuration = try StoredCheckpoint(path: try checkpoints.newestValid().generation.path).configuration
        configuration.run = folder
        return configuration
    }
}
