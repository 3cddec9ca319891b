public import Files

/// The folder of one run and the names in it.
public struct RunFolder: Sendable, Equatable {
    /// The folder itself.
    public let path: String

    /// Names a folder; touches nothing.
    public init(path: String) { self.path = path }

    /// The resolved configuration, every key.
    public var configurationPath: String { joinPath(path, RunFile.configuration) }
    /// The vocabulary.
    public var vocabularyPath: String { joinPath(path, RunFile.vocabulary) }
    /// One JSON object a line, appended.
    public var metricsPath: String { joinPath(path, RunFile.metrics) }
    /// The folder of the token files.
    public var dataPath: String { joinPath(path, RunFile.data) }
    /// Held while a job writes here.
    public var lockPath: String { joinPath(path, RunFile.lock) }
    /// The run's checkpoints, to be read.
    public var checkpoints: CheckpointFolder { CheckpointFolder(runFolder: path) }

    /// Whether anything of a run is here: a configuration, a log of more than a start, the best parameters, or a checkpoint after a step.
    ///
    /// What a start makes before its configuration is none: it may be removed without a loss.
    public func holdsRun() throws(FileError) -> Bool { try fileOfRun() != nil }

    /// The path of a file that says that a run is here.
    private func fileOfRun() throws(FileError) -> String? {
        for path in [configurationPath, checkpoints.bestPath] where pathExists(path) { return path }
        let log = firstBytes(of: metricsPath, count: Self.startSize)
        if log.count(where: { $0 == UInt8(ascii: "\n") }) > 1 { return metricsPath }
        return try checkpoints.generations().first { $0.step > 0 }?.path
    }

    /// More bytes than the line has that a start writes into the log.
    private static let startSize = 1 << 16

    /// Takes the lock of a run that is to go on, and removes what interrupted writes left.
    ///
    /// With `breakingLock` also the lock that a job on another machine left. Throws `.noRun`, `.held`, `.left`, `.foreignFile`, or
    /// `.file`, also where anything but a regular file has the name of a run's file.
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

    /// A run without a checkpoint starts anew and writes over its files: they must be a run's, which has a lock at least.
    private func requireCheckpoint() throws(RunFolderError) {
        guard try asRunFolderError({ () throws(FileError) in try checkpoints.generations() }).isEmpty else { return }
        if let file = try asRunFolderError(fileOfRun), file != checkpoints.bestPath { throw .foreignFile(path: path, file: file) }
    }

    /// Throws `.inTheWay` where anything but a regular file has the name of a run's file, or anything but a folder that of a folder.
    public func requireKinds() throws(FileError) {
        guard pathExists(path) else { return }
        try RunFile.requireKinds(in: hold())
    }

    /// Throws if no new run can be made here: for an early refusal, before anything is made.
    ///
    /// Throws `.holdsRun`, `.foreignFile` or `.file`.
    public func requireFree() throws(RunFolderError) {
        if let file = try asRunFolderError(fileOfRun) { throw .holdsRun(path: path, file: file) }
        guard try asRunFolderError({ () throws(FileError) in try namesInFolder(path) }) != nil else { return }
        let folder = try asRunFolderError(hold)
        try asRunFolderError { () throws(FileError) in try RunFile.requireKinds(in: folder) }
        let found = try asRunFolderError { () throws(FileError) in try RunFile.paths(in: folder) }
        // What a job has begun, or has left half-made, its lock tells apart.
        if let file = found.first, try RunLock.state(path: lockPath) == .free { throw .foreignFile(path: path, file: file) }
    }

    /// Makes the folder for a fresh run, with those above and inside it, and takes its lock.
    ///
    /// What a start that was interrupted left is removed. If this fails, everything is left as it was found.
    /// With `breakingLock` also the lock that a job on another machine left. Throws `.holdsRun`, `.foreignFile`, `.held`, `.left`,
    /// or `.file` if a folder cannot be made, or anything but a regular file has the name of a run's file.
    public func create(breakingLock: Bool = false) throws(RunFolderError) -> NewRunFolder {
        var attempts = 10
        while true {
            attempts -= 1
            let made = try asRunFolderError { () throws(FileError) in try makeFolders(path) }
            do throws(RunFolderError) {
                return try create(in: asRunFolderError(hold), madeFolders: made, breakingLock)
            } catch {
                removeFolders(made)
                // Another job that gave up its start may have removed the folder in the meantime.
                guard attempts > 0, case .file(.folderGone) = error else { throw error }
            }
        }
    }

    private func create(
        in folder: HeldFolder, madeFolders: [String], _ breakingLock: Bool
    ) throws(RunFolderError) -> NewRunFolder {
        try asRunFolderError { () throws(FileError) in try RunFile.requireKinds(in: folder) }
        // The lock comes first: of two jobs that start at once, one is to find the other and not half of its files.
        let lock = try RunLock(at: folder.place(RunFile.lock), breaking: breakingLock)
        do throws(RunFolderError) {
            if let file = try asRunFolderError(fileOfRun) { throw .holdsRun(path: path, file: file) }
            return try NewRunFolder(lock, madeFolders: madeFolders)
        } catch {
            lock.release(removingFile: lock.madeFile)
            throw error
        }
    }

    private func hold() throws(FileError) -> HeldFolder { try FilePlace(path: joinPath(path, RunFile.lock)).folder }
}
