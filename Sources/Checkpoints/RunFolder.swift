public import Files

/// The folder of one run and the names in it.
public struct RunFolder: Sendable, Equatable {
    /// The folder itself.
    public let path: String

    /// Names a folder; touches nothing.
    public init(path: String) { self.path = path }

    /// The resolved configuration, every key.
    public var configurationPath: String { joinPath(path, "config.toml") }
    /// The vocabulary.
    public var vocabularyPath: String { joinPath(path, "vocabulary.json") }
    /// One JSON object a line, appended.
    public var metricsPath: String { joinPath(path, "metrics.jsonl") }
    /// The folder of the token files.
    public var dataPath: String { joinPath(path, "data") }
    /// Held while a job writes here.
    public var lockPath: String { joinPath(path, "lock") }
    /// The run's checkpoints.
    public var checkpoints: CheckpointFolder { CheckpointFolder(runFolder: path) }

    /// Whether anything of a run is here: a configuration, metrics or a checkpoint.
    public func holdsRun() throws(FileError) -> Bool {
        if [configurationPath, metricsPath, checkpoints.bestPath].contains(where: pathExists) { return true }
        return try !checkpoints.generations().isEmpty
    }

    /// Makes the folder for a fresh run, with those above and inside it, and takes its lock.
    ///
    /// What an interrupted start left (empty folders, temporary files) does not count as a run.
    /// With `breakingLock` also the lock that a job on another machine left. Throws `.holdsRun`, `.held`, `.left`, or `.file`
    /// if a folder cannot be made.
    public func create(breakingLock: Bool = false) throws(RunFolderError) -> RunLock {
        try asRunFolderError { () throws(FileError) in try makeFolders(path) }
        // The lock comes first: of two jobs that start at once, one is to find the other and not half of its files.
        let lock = try RunLock(path: lockPath, breaking: breakingLock)
        if try asRunFolderError(holdsRun) { throw .holdsRun(path: path) }
        try asRunFolderError { () throws(FileError) in
            try makeFolders(checkpoints.path)
            try settleFolders()
        }
        return lock
    }

    /// Takes the lock of a run that is to go on, and removes what interrupted writes left.
    ///
    /// With `breakingLock` also the lock that a job on another machine left. Throws `.noRun`, `.held`, `.left`, or `.file`.
    public func reopen(breakingLock: Bool = false) throws(RunFolderError) -> RunLock {
        guard try asRunFolderError(holdsRun) else { throw .noRun(path: path) }
        let lock = try RunLock(path: lockPath, breaking: breakingLock)
        try asRunFolderError(settleFolders)
        return lock
    }

    /// Makes the folder of the token files and removes what interrupted writes left, here and in the folders inside.
    private func settleFolders() throws(FileError) {
        try makeFolders(dataPath)
        _ = try DurableFile.removeTemporaries(in: dataPath)
        try checkpoints.removeStaleTemporaries()
    }
}

@discardableResult
private func asRunFolderError<Result>(_ body: () throws(FileError) -> Result) throws(RunFolderError) -> Result {
    do throws(FileError) {
        return try body()
    } catch {
        throw .file(error)
    }
}
