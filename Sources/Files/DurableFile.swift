import Glibc

/// A file that appears under its name whole and on the disk, or not at all, whatever fails on the way.
///
/// The bytes go to a temporary name in the same folder; `commit` synchronises and renames it, and synchronises the folder.
/// So a reader finds the old file or the new one, also after a power failure. One that is let go of uncommitted leaves
/// nothing; a process that is killed leaves its temporary, for `removeTemporaries`.
///
/// All throw `.notCommitted` while what was under the name before still is. Only `commit`, and with it the static `write`,
/// may throw `.durabilityUncertain`: the new file is in place, but synchronising the folder failed.
public struct DurableFile: ~Copyable {
    private static let temporarySuffix = ".partial"

    private let path: String
    private let temporary: String
    private let calls: FileSystemCalls
    private var folder: Descriptor
    private var file: Descriptor
    private var isRenamed = false

    /// Begins an empty file, which will be under this name.
    package init(path: String, through calls: FileSystemCalls = .system) throws(FileError) {
        let (folderPath, name) = splitPath(path)
        // Two processes, or two writes of one, must never share a temporary.
        let mark = "\(getpid())-\(String(UInt32.random(in: .min ... .max), radix: 16))"
        let temporary = joinPath(folderPath, ".\(name).\(mark)\(Self.temporarySuffix)")
        var operation = FileOperation.openFolder
        do throws(CallFailure) {
            // The folder is opened first: nothing but its synchronisation can then fail after the rename.
            let folder = try Descriptor(openingFolder: folderPath, through: calls)
            operation = .createTemporary
            let file = try Descriptor(opening: temporary, O_WRONLY | O_CREAT | O_EXCL, through: calls)
            self.folder = folder
            self.file = file
        } catch {
            throw .notCommitted(path: path, operation: operation, errorNumber: error.errorNumber)
        }
        (self.path, self.temporary, self.calls) = (path, temporary, calls)
    }

    deinit {
        if !isRenamed { try? uninterrupted { () throws(CallFailure) in try calls.remove(temporary) } }
    }

    /// Writes all bytes at the file's position.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        do throws(CallFailure) {
            try file.write(bytes)
        } catch {
            throw notCommitted(.write, error)
        }
    }

    /// Writes all bytes of an array at the file's position.
    package func write(_ bytes: [UInt8]) throws(FileError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in try write(UnsafeRawBufferPointer(bytes)) }
    }

    /// Goes back to the file's start, to write over what is there.
    package func rewind() throws(FileError) {
        do throws(CallFailure) {
            try file.seek(to: 0)
        } catch {
            throw notCommitted(.rewind, error)
        }
    }

    /// Puts the file on the disk and under its name. When this returns, the file outlives a power failure.
    package consuming func commit() throws(FileError) {
        try takeName()
        isRenamed = true
        try settle()
    }

    private mutating func takeName() throws(FileError) {
        var operation = FileOperation.synchronize
        do throws(CallFailure) {
            try file.synchronize()
            operation = .close
            try file.close()
            operation = .rename
            // Not repeated when it is interrupted: whether it has happened cannot be known.
            try calls.rename(temporary, path)
        } catch {
            throw notCommitted(operation, error)
        }
    }

    /// Makes the rename durable; the new file is in place already.
    private mutating func settle() throws(FileError) {
        var operation = FileOperation.synchronizeFolder
        do throws(CallFailure) {
            try folder.synchronizeFolder()
            operation = .closeFolder
            try folder.close()
        } catch {
            throw .durabilityUncertain(path: path, operation: operation, errorNumber: error.errorNumber)
        }
    }

    private func notCommitted(_ operation: FileOperation, _ failure: CallFailure) -> FileError {
        .notCommitted(path: path, operation: operation, errorNumber: failure.errorNumber)
    }
}

extension DurableFile {
    /// Writes the bytes as the whole of a file.
    package static func write(_ bytes: [UInt8], to path: String, through calls: FileSystemCalls = .system) throws(FileError) {
        let file = try DurableFile(path: path, through: calls)
        try file.write(bytes)
        try file.commit()
    }

    /// Writes the text in UTF-8 as the whole of a file.
    public static func write(_ text: String, to path: String) throws(FileError) {
        try write(Array(text.utf8), to: path)
    }

    /// Removes the temporaries that interrupted writes left in a folder, and returns their paths. None if there is no folder.
    ///
    /// Only for whoever alone writes there: another's write in progress would be removed, too.
    package static func removeTemporaries(
        in folder: String, through calls: FileSystemCalls = .system
    ) throws(FileError) -> [String] {
        let paths = try temporaries(in: folder)
        for path in paths { try removeFile(path, through: calls) }
        return paths
    }

    /// The paths of the temporaries in a folder, in order: what interrupted writes left, or what is being written.
    package static func temporaries(in folder: String) throws(FileError) -> [String] {
        let names = try namesInFolder(folder) ?? []
        return names.filter { $0.hasPrefix(".") && $0.hasSuffix(temporarySuffix) }.sorted().map { joinPath(folder, $0) }
    }
}
