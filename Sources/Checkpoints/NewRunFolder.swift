import Files

/// A run folder that was taken for a new run, until the run begins with its `config.toml`: it can be given back as it was found.
public final class NewRunFolder: Sendable {
    /// The lock that was taken.
    public let lock: RunLock
    /// Folders that were made for it, the outermost first; the last is the run folder, if that was missing.
    private let madeFolders: [String]
    /// The names that were there before.
    private let foundNames: Set<String>

    /// Takes the locked folder, and removes what a job that ended left of its start.
    ///
    /// Throws `.foreignFile` for the files of a run where no such job has been, or `.file`.
    init(_ lock: RunLock, madeFolders: [String]) throws(RunFolderError) {
        let folder = lock.folder
        let found = try asRunFolderError { () throws(FileError) in try RunFile.paths(in: folder) }
        if let file = found.first {
            // Only a job that died holds on to its lock; the folder had been free when it came.
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

    /// Gives the folder back: removes what was made in it since, the folder itself, and those above, if they were made for it.
    ///
    /// Whatever else is in them stays, and what cannot be removed, since it is a failed start that is cleared up after: the next
    /// start takes it over.
    public func discard() {
        let folder = lock.folder
        let isCleared = (try? RunFile.removeAll(in: folder, keeping: foundNames)) != nil
        for name in [RunFile.data, RunFile.checkpoints] where !foundNames.contains(name) { try? folder.removeFolder(name) }
        lock.release(removingFile: isCleared && !foundNames.contains(RunFile.lock), keepingHolder: !isCleared)
        removeFolders(madeFolders)
    }
}
