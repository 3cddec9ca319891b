import Glibc

/// A file that appears under its name whole and on the disk, or not at all, whatever fails on the way.
///
/// The bytes go to a temporary name in the same folder; `commit` synchronises and renames it, and synchronises the folder.
/// So a reader finds the old file or the new one, also after a power failure. One that is let go of uncommitted leaves
/// nothing; a process that is killed leaves its temporary, for `removeTemporaries`.
///
/// Nothing but a regular file is replaced. All throw `.notCommitted` or `.failed`, `.inTheWay` for something else under the
/// name, or as `HeldFolder.requireUnchanged`, while what was under the name before still is. Only `commit`, and with it the
/// static `write`, may throw `.durabilityUncertain`: the new file is in place, but synchronising the folder failed.
public struct DurableFile: ~Copyable {
    private static let temporarySuffix = ".partial"

    private let place: FilePlace
    private let temporary: String
    private var file: Descriptor
    private var isRenamed = false

    /// Begins an empty file, which will be under this name.
    package init(at place: FilePlace) throws(FileError) {
        try place.requireReplaceable()
        // Two processes, or two writes of one, must never share a temporary.
        let mark = "\(getpid())-\(String(UInt32.random(in: .min ... .max), radix: 16))"
        let temporary = ".\(place.name).\(mark)\(Self.temporarySuffix)"
        file = try Self.newFile(temporary, for: place)
        (self.place, self.temporary) = (place, temporary)
    }

    private static func newFile(_ temporary: String, for place: FilePlace) throws(FileError) -> Descriptor {
        do throws(CallFailure) {
            return try Descriptor(
                opening: temporary, in: place.folder.number, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                through: place.folder.calls)
        } catch {
            throw .notCommitted(path: place.path, operation: .createTemporary, errorNumber: error.errorNumber)
        }
    }

    /// The same in the folder that the path names.
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
        } catch {
            throw notCommitted(operation, error)
        }
        try place.requireReplaceable()
        do throws(CallFailure) {
            // Not repeated when it is interrupted: whether it has happened cannot be known.
            try place.folder.calls.rename(place.folder.number, temporary, place.name)
        } catch {
            throw notCommitted(.rename, error)
        }
    }

    /// Makes the rename durable; the new file is in place already.
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

    /// Writes the bytes as the whole of a file.
    package static func write(_ bytes: [UInt8], to place: FilePlace) throws(FileError) {
        let file = try DurableFile(at: place)
        try file.write(bytes)
        try file.commit()
    }

    /// Writes the text in UTF-8 as the whole of a file.
    package static func write(_ text: String, to place: FilePlace) throws(FileError) {
        try write(Array(text.utf8), to: place)
    }

    /// Removes the temporaries that interrupted writes of files with such names left in a folder, and returns their paths.
    ///
    /// Only for whoever alone writes there: another's write in progress would be removed, too.
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

    /// The paths of the temporaries in a folder, in order: what interrupted writes left, or what is being written.
    package static func temporaries(in folder: String) throws(FileError) -> [String] {
        let names = try namesInFolder(folder) ?? []
        return names.filter { finalName(ofTemporary: $0) != nil }.sorted().map { joinPath(folder, $0) }
    }

    /// The name of the file that a temporary was to become: `f` of `.f.123-9abc.partial`; nil if the name is no temporary's.
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
    /// Throws unless a file may be put under the name.
    fileprivate func requireReplaceable() throws(FileError) {
        try folder.requireUnchanged()
        try folder.require(.file, orNothingAt: name)
    }
}
