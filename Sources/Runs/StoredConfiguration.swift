import Checkpoints
public import Configuration
import Files
public import Kinds

/// The configuration of the run in a folder.
public struct StoredConfiguration {
    /// The configuration, with the folder as its run.
    public private(set) var configuration: TrainingConfiguration
    /// The path of `config.toml`.
    public let path: String
    /// Keys that `config.toml` lacks.
    public private(set) var absentKeys: [ConfigurationKey] = []
    /// The newest valid checkpoint, from which these keys are taken; nil if `config.toml` lacks none, or does not exist.
    public private(set) var checkpoint: String?

    /// Reads `config.toml` of the run in `folderPath`, and the newest valid checkpoint for what is missing. Nil if the folder has
    /// neither.
    ///
    /// Throws the errors of these files, and `ConfigurationFileError.incomplete` if keys are missing and there is no checkpoint.
    public init?(ofRun folderPath: String) throws {
        let folder = RunFolder(path: folderPath)
        // This check comes first, because opening a pipe with the name of one of the files would block.
        try folder.requireKinds()
        path = folder.configurationPath
        configuration = TrainingConfiguration()
        if pathExists(path) {
            try complete(ConfigurationFile(ofRunAt: path), in: folder)
        } else {
            guard let newest = try RunRecords(folder).newestCheckpoint() else { return nil }
            configuration = newest.contents.configuration
        }
        configuration.run = folderPath
    }

    private mutating func complete(_ file: ConfigurationFile, in folder: RunFolder) throws {
        if !file.absentKeys.isEmpty {
            guard let newest = try RunRecords(folder).newestCheckpoint() else {
                throw ConfigurationFileError.incomplete(path: file.path, keys: file.absentKeys)
            }
            (absentKeys, checkpoint) = (file.absentKeys, newest.generation.path)
            configuration = newest.contents.configuration
        }
        file.apply(to: &configuration)
    }
}
