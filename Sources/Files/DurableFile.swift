import Glibc

/// A file that is replaced atomically and durably: after any failure its name refers to the complete old file or the complete new file.
///
/// The bytes go to a temporary file in the same folder. `commit` synchronises and renames it, and synchronises the folder. This also holds
/// after a power failure. Without `commit`, `deinit` removes the temporary file; if the process is killed, the temporary file remains for
/// `removeTemporaries`.
///
/// Replaces regular files only. The new file has the permissions of the old one, and its owner can read it, and none of its other hard links. All methods throw
/// `.notCommitted` or `.failed`, `.inTheWay` if the name refers to something else, or the errors of `HeldFolder.requireUnchanged`; the old
/// file is then unchanged. Only `commit`, and the static `write` with it, may throw `.durabilityUncertain`: the new file is in place, but
/// synchronising the folder failed.
public struct DurableFile: ~Copyable {
    private static let temporarySuffix = ".partial"

    private let place: FilePlace
    private let temporary: String
    private var file: Descriptor
    private var isRenamed = false

    /// Creates an empty file that `commit` will place under this name.
    package init(at place: FilePlace) throws(FileError) {
        let permissions = try place.requireReplaceable()?.permissions
        // A file that its owner cannot read was taken out of use; the new one is to be used.
        let isUnreadable = permissions.map { $0 & S_IRUSR == 0 } ?? false
        // Two processes, or two writes of one process, must not use the same temporary name.
        let mark = "\(getpid())-\(String(UInt32.random(in: .min ... .max), radix: 16))"
        let temporary = ".\(place.name).\(mark)\(Self.temporarySuffix)"
        file = try Self.newFile(temporary, isUnreadable ? permissions! | S_IRUSR | S_IWUSR : permissions, for: place)
        (self.place, self.temporary) = (place, temporary)
    }

    /// - Parameter permissions: those of the file to replace; nil for none.
    private static func newFile(
        _ temporary: String, _ permissions: mode_t?, for place: FilePlace
    ) throws(FileError) -> Descriptor {
        do throws(CallFailure) {
            let file = try Descriptor(
                opening: temporary, in: place.folder.number, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                mode: permissions ?? 0o666, through: place.folder.calls)
            // Restores what the umask removed. If the file system refuses it, the file has fewer permissions, never more.
            if let permissions { fchmod(file.number, permissions) }
            return file
        } catch {
            throw .notCommitted(path: place.path, operation: .createTemporary, errorNumber: error.errorNumber)
        }
    }

    /// Creates the file in the folder that the path names.
    package init(path: String, through calls: FileSystemCalls = .system) throws(FileError) {
        let (folderPath, name) = splitPath(path)
        let folder: HeldFolder
        do throws(CallFailure) {
            folder = try HeldFolder(path: folderPath, through: calls)
        } catch {
            throw .notCommitted(path: path, operation: .openFolder, errorNumber: error.errorNumber)
        }
        try self.init(at: folder.place(name))
    }

    deinit {
        let folder = place.folder
        if !isRenamed { try? uninterrupted { () throws(CallFailure) in try folder.calls.remove(folder.number, temporary, 0) } }
    }

    /// Writes all bytes at the current position.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        do throws(CallFailure) {
            try file.write(bytes)
        } catch {
            throw notCommitted(.write, error)
        }
    }

    /// Writes all bytes of an array at the current position.
    package func write(_ bytes: [UInt8]) throws(FileError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in try write(UnsafeRawBufferPointer(bytes)) }
    }

    /// Moves the position to the start of the file, to overwrite its content.
    package func rewind() throws(FileError) {
        do throws(CallFailure) {
            try file.seek(to: 0)
        } catch {
            throw notCommitted(.rewind, error)
        }
    }

    /// Synchronises the file and renames it to its final name. After it returns, the file survives a power failure.
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
        } catch {
            throw notCommitted(operation, error)
        }
        try place.requireReplaceable()
        do throws(CallFailure) {
            // Not repeated after an interruption, because it is unknown whether the rename happened.
            try place.folder.calls.rename(place.folder.number, temporary, place.name)
        } catch {
            throw notCommitted(.rename, error)
        }
    }

    /// Makes the rename durable. The new file is already in place.
    private func settle() throws(FileError) {
        do throws(CallFailure) {
            try place.folder.synchronize()
        } catch {
            throw .durabilityUncertain(path: place.path, operation: .synchronizeFolder, errorNumber: error.errorNumber)
        }
    }

    private func notCommitted(_ operation: FileOperation, _ failure: CallFailure) -> FileError {
        .notCommitted(path: place.path, operation: operation, errorNumber: failure.errorNumber)
    }
}

extension DurableFile {
    /// Replaces the content of a file with the bytes.
    package static func write(_ bytes: [UInt8], to path: String, through calls: FileSystemCalls = .system) throws(FileError) {
        let file = try DurableFile(path: path, through: calls)
        try file.write(bytes)
        try file.commit()
    }

    /// Replaces the content of a file with the text in UTF-8.
    public static func write(_ text: String, to path: String) throws(FileError) {
        try write(Array(text.utf8), to: path)
    }

    /// Replaces the content of a file with the bytes.
    package static func write(_ bytes: [UInt8], to place: FilePlace) throws(FileError) {
        let file = try DurableFile(at: place)
        try file.write(bytes)
        try file.commit()
    }

    /// Replaces the content of a file with the text in UTF-8.
    package static func write(_ text: String, to place: FilePlace) throws(FileError) {
        try write(Array(text.utf8), to: place)
    }

    /// Removes the temporary files that interrupted writes left in a folder, for files with the given names. Returns their paths.
    ///
    /// The caller must be the only writer in the folder. Otherwise it would also remove the temporary file of a write in progress.
    package static func removeTemporaries(
        in folder: HeldFolder, of isOurs: (String) -> Bool = { _ in true }
    ) throws(FileError) -> [String] {
        var removed: [String] = []
        for name in try folder.names() {
            guard let final = finalName(ofTemporary: name), isOurs(final) else { continue }
            guard try folder.status(of: name)?.kind == .file else { continue }
            try folder.removeFile(name)
            removed.append(joinPath(folder.path, name))
        }
        return removed
    }

    /// The paths of the temporary files in a folder, sorted. They belong to interrupted writes or to writes in progress.
    package static func temporaries(in folder: String) throws(FileError) -> [String] {
        let names = try namesInFolder(folder) ?? []
        return names.filter { finalName(ofTemporary: $0) != nil }.sorted().map { joinPath(folder, $0) }
    }

    /// The final name of a temporary file: `f` for `.f.123-9abc.partial`; nil if the name is not that of a temporary file.
    package static func finalName(ofTemporary name: String) -> String? {
        guard name.hasPrefix("."), name.hasSuffix(temporarySuffix) else { return nil }
        let middle = name.dropFirst().dropLast(temporarySuffix.count)
        guard let dot = middle.lastIndex(of: "."), dot > middle.startIndex else { return nil }
        let mark = middle[middle.index(after: dot)...].split(separator: "-", omittingEmptySubsequences: false)
        guard mark.count == 2, UInt32(mark[0]) != nil, UInt32(mark[1], radix: 16) != nil else { return nil }
        return String(middle[..<dot])
    }
}

extension FilePlace {
    /// The status of the file; nil without one. Throws if the name refers to something other than a regular file.
    @discardableResult
    fileprivate func requireReplaceable() throws(FileError) -> FileStatus? {
        try folder.requireUnchanged()
        return try folder.status(of: .file, orNothingAt: name)
    }
}
