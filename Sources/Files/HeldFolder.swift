import Failures
import Glibc
import Synchronization

/// A folder that is held open. Files in it are created, replaced and removed by name.
///
/// All calls are relative to the open folder, not to its path, and follow no symbolic links inside it. The path itself may contain links.
/// Before each write it verifies that the path still refers to the folder. Otherwise data would go to a folder that another process has
/// moved or replaced.
package final class HeldFolder: Sendable {
    /// The path that the folder was opened with.
    package let path: String
    /// The system calls that operate on the folder.
    package let calls: FileSystemCalls
    private let descriptor: Descriptor
    private let identity: FileIdentity
    /// The held folder that contains this one under `name`; nil for a folder that was opened by its path.
    private let parent: HeldFolder?
    private let name: String
    private let pins = Mutex<[String: FileIdentity]>([:])

    /// Opens the folder at a path.
    package init(path: String, through calls: FileSystemCalls = .system) throws(CallFailure) {
        (self.path, self.calls, name, parent) = (path, calls, path, nil)
        descriptor = try Descriptor(openingFolder: path, through: calls)
        identity = try descriptor.status().identity
    }

    /// Opens a folder inside another.
    private init(_ name: String, in parent: HeldFolder) throws(CallFailure) {
        (path, calls, self.name, self.parent) = (joinPath(parent.path, name), parent.calls, name, parent)
        descriptor = try Descriptor(
            opening: name, in: parent.number, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, through: parent.calls)
        identity = try descriptor.status().identity
    }

    /// The descriptor of the open folder, valid during the lifetime of this object.
    package var number: Int32 { descriptor.number }

    /// The place of a file in this folder.
    package func place(_ name: String) -> FilePlace { FilePlace(folder: self, name: name) }
}

// MARK: Whether it is still the same

extension HeldFolder {
    /// Requires from now on that the name refers to this file, such as the lock that grants the right to write here.
    package func pin(_ name: String, _ identity: FileIdentity) { pins.withLock { $0[name] = identity } }

    /// Ends that requirement.
    package func unpin(_ name: String) { pins.withLock { $0[name] = nil } }

    /// Throws unless the paths of this folder and of its held parent still refer to them, and each pinned file is still under its name.
    ///
    /// Cost: one system call for each. Throws `.folderGone`, `.pinnedFileGone`, or `.failed`.
    package func requireUnchanged() throws(FileError) {
        try parent?.requireUnchanged()
        guard try statusOfPath()?.identity == identity else { throw .folderGone(path: path, now: placeNow) }
        for (name, identity) in pins.withLock({ $0 }) {
            guard try status(of: name)?.identity == identity else { throw .pinnedFileGone(path: joinPath(path, name)) }
        }
    }

    private func statusOfPath() throws(FileError) -> FileStatus? {
        if let parent { return try parent.status(of: name) }
        return try status(at: AT_FDCWD, path, 0, path)
    }

    /// The current path of the folder, as the system reports it; nil if the folder was removed.
    private var placeNow: String? {
        guard parent == nil else { return nil }
        var room = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/fd/\(number)", &room, room.count)
        guard count > 0 else { return nil }
        let now = RawByte.text(of: room.prefix(count))
        return (try? status(at: AT_FDCWD, now, 0, now))?.identity == identity ? now : nil
    }
}

// MARK: What is in it

extension HeldFolder {
    /// The status of an entry; of the link itself for a symbolic link. Nil if the name does not exist.
    package func status(of name: String) throws(FileError) -> FileStatus? {
        try status(at: number, name, AT_SYMLINK_NOFOLLOW, joinPath(path, name))
    }

    private func status(at folder: Int32, _ name: String, _ flags: Int32, _ path: String) throws(FileError) -> FileStatus? {
        do throws(CallFailure) {
            return try uninterrupted { () throws(CallFailure) in try calls.status(folder, name, flags) }
        } catch {
            if [ENOENT, ENOTDIR, ELOOP].contains(error.errorNumber) { return nil }
            throw .failed(path: path, operation: FileOperation.examineEntry.rawValue, errorNumber: error.errorNumber)
        }
    }

    /// Throws `.inTheWay` if the name refers to anything other than `kind`.
    package func require(_ kind: EntryKind, orNothingAt name: String) throws(FileError) {
        _ = try status(of: kind, orNothingAt: name)
    }

    /// The status of what the name refers to; nil for nothing. Throws `.inTheWay` if it is anything other than `kind`.
    func status(of kind: EntryKind, orNothingAt name: String) throws(FileError) -> FileStatus? {
        guard let found = try status(of: name) else { return nil }
        if found.kind == kind { return found }
        throw .inTheWay(path: joinPath(path, name), found: found.kind, expected: kind)
    }

    /// All names in the folder, sorted, without `.` and `..`.
    package func names() throws(FileError) -> [String] {
        do throws(CallFailure) {
            return try namesInFolder(openAs: number).sorted()
        } catch {
            throw .failed(path: path, operation: "list the folder", errorNumber: error.errorNumber)
        }
    }

    /// Opens a folder inside this one; nil if it does not exist. Throws `.inTheWay` or `.failed`.
    package func folder(_ name: String) throws(FileError) -> HeldFolder? {
        do throws(CallFailure) {
            return try HeldFolder(name, in: self)
        } catch {
            try require(.folder, orNothingAt: name)
            if error.errorNumber == ENOENT { return nil }
            throw .failed(path: joinPath(path, name), operation: "open the folder", errorNumber: error.errorNumber)
        }
    }

    /// Opens a folder inside this one, and durably creates it if it does not exist. Throws the errors of `requireUnchanged`, `.inTheWay` or
    /// `.failed`.
    package func madeFolder(_ name: String) throws(FileError) -> HeldFolder {
        if let folder = try folder(name) { return folder }
        try requireUnchanged()
        do throws(CallFailure) {
            try make(name)
            return try HeldFolder(name, in: self)
        } catch {
            throw .failed(path: joinPath(path, name), operation: "make the folder", errorNumber: error.errorNumber)
        }
    }

    private func make(_ name: String) throws(CallFailure) {
        do throws(CallFailure) {
            try calls.makeFolder(number, name, 0o777)
        } catch {
            // Another process may have created it in the meantime.
            guard error.errorNumber == EEXIST else { throw error }
        }
        try synchronize()
    }

    /// Synchronises the entries of the folder.
    func synchronize() throws(CallFailure) { try descriptor.synchronizeFolder() }

    /// Removes a file. Throws the errors of `requireUnchanged`, `.inTheWay` if it is not a regular file, or `.failed`.
    package func removeFile(_ name: String) throws(FileError) {
        try requireUnchanged()
        try require(.file, orNothingAt: name)
        try remove(name, 0, "remove the file")
    }

    /// Gives a file another name, which must be free. Throws the errors of `requireUnchanged`, `.inTheWay` if it is not a regular file, or `.failed`.
    ///
    /// The next file that is written to the folder makes the new name durable. After a power failure before that, the file has its old name.
    package func renameFile(_ name: String, to newName: String) throws(FileError) {
        try requireUnchanged()
        try require(.file, orNothingAt: name)
        do throws(CallFailure) {
            // Not repeated after an interruption, because it is unknown whether the rename happened.
            try calls.rename(number, name, newName)
        } catch {
            throw .failed(path: joinPath(path, name), operation: "rename the file", errorNumber: error.errorNumber)
        }
    }

    /// Renames a file to `newName`, or to `newName-2` and so on if this name is in use, with `suffix` at the end. Returns the new path. Throws the
    /// errors of `renameFile`.
    package func setAside(_ name: String, as newName: String, suffix: String = "") throws(FileError) -> String {
        var (unused, number) = (newName + suffix, 1)
        while try status(of: unused) != nil {
            number += 1
            unused = "\(newName)-\(number)\(suffix)"
        }
        try renameFile(name, to: unused)
        return joinPath(path, unused)
    }

    /// Removes a folder inside this one. Throws `.failed`, also if it is not empty.
    package func removeFolder(_ name: String) throws(FileError) { try remove(name, AT_REMOVEDIR, "remove the folder") }

    private func remove(_ name: String, _ flags: Int32, _ operation: String) throws(FileError) {
        do throws(CallFailure) {
            try uninterrupted { () throws(CallFailure) in try calls.remove(number, name, flags) }
        } catch {
            throw .failed(path: joinPath(path, name), operation: operation, errorNumber: error.errorNumber)
        }
    }
}
