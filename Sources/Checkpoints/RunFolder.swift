public import Files

/// The folder of a run, and the paths in it.
public struct RunFolder: Sendable, Equatable {
    /// The path of the folder.
    public let path: String

    /// Names a folder. Does not access it.
    public init(path: String) { self.path = path }

    /// The resolved configuration with all keys.
    public var configurationPath: String { joinPath(path, RunFile.configuration) }
    /// The vocabulary.
    public var vocabularyPath: String { joinPath(path, RunFile.vocabulary) }
    /// The metrics: one JSON object per line.
    public var metricsPath: String { joinPath(path, RunFile.metrics) }
    /// The folder of the token files.
    public var dataPath: String { joinPath(path, RunFile.data) }
    /// The lock. A job holds it while it writes here.
    public var lockPath: String { joinPath(path, RunFile.lock) }
    /// The events for TensorBoard.
    package var eventsPath: String { joinPath(path, RunFile.events) }
    /// The run's checkpoints, for reading.
    public var checkpoints: CheckpointFolder { CheckpointFolder(runFolder: path) }

    /// Whether the folder contains a run: a configuration, a log with more than the line of a start, the best parameters, or a checkpoint
    /// after a step.
    ///
    /// Files that a start writes before its configuration do not count. They may be removed without loss.
    public func holdsRun() throws(FileError) -> Bool { try fileOfRun() != nil }

    /// The path of a file that shows that there is a run.
    private func fileOfRun() throws(FileError) -> String? {
        if pathExists(configurationPath) { return configurationPath }
        if let checkpoint = try checkpoints.generations().first(where: { $0.step > 0 }) { return checkpoint.path }
        if pathExists(checkpoints.bestPath) { return checkpoints.bestPath }
        let log = try firstBytes(of: metricsPath, count: Self.startSize)
        return log.count(where: { $0 == UInt8(ascii: "\n") }) > 1 ? metricsPath : nil
    }

    /// Throws `.holdsRun` or `.holdsRemains` if there is a file of a run.
    private func requireNoRun() throws(RunFolderError) {
        guard let file = try asRunFolderError(fileOfRun) else { return }
        // A configuration and any checkpoint, also that of step 0, serve to resume a run.
        let hasCheckpoint = try asRunFolderError { () throws(FileError) in try !checkpoints.generations().isEmpty }
        throw hasCheckpoint || file == configurationPath
            ? .holdsRun(path: path, file: file) : .holdsRemains(path: path, file: file)
    }

    /// An upper bound for the size of the line that a start writes to the log.
    private static let startSize = 1 << 16

    /// Takes the lock of a run to continue, and removes the temporary files of interrupted writes.
    ///
    /// With `breakingLock`, also takes a lock that a job on another machine left. Throws `.noRun`, `.onlyConfiguration`, `.held`, `.left`,
    /// `.foreignFile`, or `.file`, also if the name of a run's file refers to something other than a regular file.
    public func reopen(breakingLock: Bool = false) throws(RunFolderError) -> RunLock {
        guard try asRunFolderError(holdsRun) else { throw .noRun(path: path) }
        let folder = try asRunFolderError(hold)
        try asRunFolderError { () throws(FileError) in try RunFile.requireKinds(in: folder) }
        let lock = try RunLock(at: folder.place(RunFile.lock), breaking: breakingLock)
        do throws(RunFolderError) {
            if lock.madeFile { try requireCheckpoint() }
            try asRunFolderError { () throws(FileError) in try RunFile.settle(in: folder) }
        } catch {
            lock.release(removingFile: lock.madeFile)
            throw error
        }
        return lock
    }

    /// A run without a checkpoint starts again and overwrites its files. A lock shows that they are files of a run.
    private func requireCheckpoint() throws(RunFolderError) {
        guard try asRunFolderError({ () throws(FileError) in try checkpoints.generations() }).isEmpty else { return }
        if pathExists(configurationPath) { throw .onlyConfiguration(path: path, file: configurationPath) }
        if let file = try asRunFolderError(fileOfRun), file != checkpoints.bestPath { throw .foreignFile(path: path, file: file) }
    }

    /// Throws `.inTheWay` if the name of a run's file does not refer to a regular file, or the name of a folder not to a folder.
    public func requireKinds() throws(FileError) {
        guard pathExists(path) else { return }
        try RunFile.requireKinds(in: hold())
    }

    /// Throws if no new run can be created here. Changes nothing, so that the error comes early.
    ///
    /// Throws `.holdsRun`, `.holdsRemains`, `.foreignFile` or `.file`.
    public func requireFree() throws(RunFolderError) {
        try requireNoRun()
        guard try asRunFolderError({ () throws(FileError) in try namesInFolder(path) }) != nil else { return }
        let folder = try asRunFolderError(hold)
        try asRunFolderError { () throws(FileError) in try RunFile.requireKinds(in: folder) }
        let found = try asRunFolderError { () throws(FileError) in try RunFile.paths(in: folder) }
        // If a job is using the folder or left an unfinished start, its lock decides.
        if let file = found.first, try RunLock.state(path: lockPath) == .free { throw .foreignFile(path: path, file: file) }
    }

    /// Creates the folder of a new run, with its parents and inner folders, and takes its lock.
    ///
    /// Removes what an interrupted start left. On failure it restores the previous state. With `breakingLock`, also takes a lock that a job
    /// on another machine left. Throws `.holdsRun`, `.holdsRemains`, `.foreignFile`, `.held`, `.left`, or `.file` if a folder cannot be created, or if the
    /// name of a run's file refers to something other than a regular file.
    public func create(breakingLock: Bool = false) throws(RunFolderError) -> NewRunFolder {
        var attempts = 10
        while true {
            attempts -= 1
            var made: [String] = []
            do throws(RunFolderError) {
                made = try asRunFolderError { () throws(FileError) in try makeFolders(path) }
                return try create(in: asRunFolderError(hold), madeFolders: made, breakingLock)
            } catch {
                removeFolders(made)
                // Another job that aborted its start may have removed the folder, or one of its parents, in the meantime.
                guard attempts > 0, error.isOfMissingFolder else { throw error }
            }
        }
    }

    private func create(
        in folder: HeldFolder, madeFolders: [String], _ breakingLock: Bool
    ) throws(RunFolderError) -> NewRunFolder {
        try asRunFolderError { () throws(FileError) in try RunFile.requireKinds(in: folder) }
        // The lock is taken first: if two jobs start together, one of them finds the lock of the other, and not some of its files.
        let lock = try RunLock(at: folder.place(RunFile.lock), breaking: breakingLock)
        do throws(RunFolderError) {
            try requireNoRun()
            return try NewRunFolder(lock, madeFolders: madeFolders)
        } catch {
            lock.release(removingFile: lock.madeFile)
            throw error
        }
    }

    private func hold() throws(FileError) -> HeldFolder { try FilePlace(path: joinPath(path, RunFile.lock)).folder }
}

extension RunFolder {
    /// Whether a job is writing to the folder; false if the lock is not valid.
    package var isInUse: Bool {
        do {
            guard case .held = try RunLock.state(path: lockPath) else { return false }
            return true
        } catch {
            return false
        }
    }

    /// What `read` finds in the folder. While a job writes to it, files that are read one after the other may contradict each other. Then the folder is
    /// read again, at most `attempts` times in all, until a reading is sound. Throws the error of the last reading.
    package func reading<Found>(attempts: Int, _ read: () throws -> Found, isSound: (Found) -> Bool) throws -> Found {
        for _ in 1..<attempts {
            let wasInUse = isInUse
            let found = Result { try read() }
            if case .success(let found) = found, isSound(found) { return found }
            if !wasInUse, !isInUse { return try found.get() }
        }
        return try read()
    }
}
