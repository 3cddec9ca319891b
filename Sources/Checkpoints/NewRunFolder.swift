import Files

/// A run folder that a new run has reserved. Until the run writes `config.toml`, `discard` restores its previous state.
public final class NewRunFolder: Sendable {
    /// The lock of the folder.
    public let lock: RunLock
    /// The folders that were created for it, outermost first. The last is the run folder, if that did not exist.
    private let madeFolders: [String]
    /// The names that existed before.
    private let foundNames: Set<String>

    /// Takes the locked folder, and removes what the unfinished start of an earlier job left.
    ///
    /// Throws `.foreignFile` if there are files of a run but no sign of such a job, or `.file`.
    init(_ lock: RunLock, madeFolders: [String]) throws(RunFolderError) {
        let folder = lock.folder
        let found = try asRunFolderError { () throws(FileError) in try RunFile.paths(in: folder) }
        if let file = found.first {
            // Only a job that died leaves its lock. The folder was free when that job began.
            guard lock.takenOverFrom != nil else { throw .foreignFile(path: folder.path, file: file) }
            try asRunFolderError { () throws(FileError) in try RunFile.removeAll(in: folder, keeping: []) }
        }
        let names = try asRunFolderError { () throws(FileError) in try folder.names() }
        foundNames = lock.madeFile ? Set(names).subtracting([RunFile.lock]) : Set(names)
        (self.lock, self.madeFolders) = (lock, madeFolders)
        do throws(FileError) {
            try RunFile.settle(in: folder)
        } catch {
            discard()
            throw .file(error)
        }
    }

    /// Restores the previous state: removes all files of a run, the folder, and its parents if they were created for it.
    ///
    /// Keeps all other files. Ignores failures, because it cleans up after a failed start; the next start removes what remains.
    public func discard() {
        let folder = lock.folder
        let isCleared = (try? RunFile.removeAll(in: folder, keeping: foundNames)) != nil
        for name in [RunFile.data, RunFile.checkpoints] where !foundNames.contains(name) { try? folder.removeFolder(name) }
        lock.release(removingFile: isCleared && !foundNames.contains(RunFile.lock), keepingHolder: !isCleared)
        removeFolders(madeFolders)
    }
}
