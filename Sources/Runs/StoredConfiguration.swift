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

    /// Takes absent keys from the newest checkpoint. Files of earlier versions lack some keys, and need no checkpoint for them.
    private mutating func complete(_ file: ConfigurationFile, in folder: RunFolder) throws {
        file.apply(to: &configuration)
        guard !file.absentKeys.isEmpty || !file.absentNewKeys.isEmpty else { return }
        let newest = try RunRecords(folder).newestCheckpoint(isNeeded: !file.absentKeys.isEmpty)
        guard let newest else {
            if file.absentKeys.isEmpty { return }
            throw ConfigurationFileError.incomplete(path: file.path, keys: file.absentKeys)
        }
        let stored = newest.contents.configuration
        let lost = file.absentNewKeys.filter { stored.value(of: $0) != configuration.value(of: $0) }
        absentKeys = ConfigurationKey.allCases.filter { file.absentKeys.contains($0) || lost.contains($0) }
        if absentKeys.isEmpty { return }
        checkpoint = newest.generation.path
        for key in absentKeys {
            guard let value = stored.value(of: key) else { continue }
            let taken = configuration.set(key, to: value)
            precondition(taken, "\(key.rawValue) was not accepted, although a configuration has it")
        }
    }
}

extension RunRecords {
    /// The newest valid checkpoint. Without need, checkpoints that cannot be read are no error here: the reader of the checkpoint reports them.
    fileprivate func newestCheckpoint(isNeeded: Bool) throws -> NewestCheckpoint<StoredCheckpoint>? {
        do {
            return try newestCheckpoint()
        } catch  where !isNeeded {
            return nil
        }
    }
}
