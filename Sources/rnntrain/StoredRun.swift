import Communication
import Configuration
import Runs

/// The run to resume, as far as it is read before MPI starts.
enum StoredRun {
    /// The stored configuration of the run, with its folder.
    ///
    /// A note names the checkpoint from which keys that `config.toml` lacks are taken. Throws if the folder has neither.
    static func configuration(in path: String) throws -> TrainingConfiguration {
        let folder = RunFolder(path: path)
        // This check comes first, because opening a pipe with the name of one of the files would block.
        try folder.requireKinds()
        var configuration: TrainingConfiguration
        if pathExists(folder.configurationPath) {
            let file = try ConfigurationFile(ofRunAt: folder.configurationPath)
            configuration = try completed(file, in: folder)
        } else {
            guard let newest = try RunRecords(folder).newestCheckpoint() else { throw InputFileError.noRun(path: path) }
            configuration = newest.contents.configuration
        }
        return stored.configuration
    }
}
