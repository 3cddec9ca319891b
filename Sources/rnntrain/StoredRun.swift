import Communication
import Configuration
import Runs

/// The run to resume, as far as it is read before MPI starts.
enum StoredRun {
    /// The stored configuration of the run, with its folder.
    ///
    /// A note names the checkpoint from which keys that `config.toml` lacks are taken. Throws if the folder has neither.
    static func configuration(in path: String) throws -> TrainingConfiguration {
        guard let stored = try StoredConfiguration(ofRun: path) else { throw InputFileError.noRun(path: path) }
        if let checkpoint = stored.checkpoint, ProcessRank.speaks, !CheckOnly.isAsked {
            let keys = ConfigurationFileError.list(stored.absentKeys)
            StandardError.note("\(stored.path) lacks \(keys): taken from \(checkpoint).")
        }
        return stored.configuration
    }
}
