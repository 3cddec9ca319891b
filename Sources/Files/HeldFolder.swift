import Glibc
import Synchronization

/// A folder that is held open, in which files are made, replaced and removed by their names.
///
/// All calls begin at the open folder, not at its path, and follow no symbolic link inside of it. Each write first looks
/// whether the folder is still under its path, so that none goes into a folder that was moved away, or that another has put
/// in its place. The path itself may lead through links.
package final class HeldFolder: Sendable {
    /// The path under which it was opened.
    package let path: String
    /// The system calls through which it is used.
    package let calls: FileSystemCalls
    private let descriptor: Descriptor
    private let identity: FileIdentity
    /// The held folder that this one is in, under `name`; nil for one that was opened by its path.
    private let parent: HeldFolder?
    private let name: String
    private let pins = Mutex<[String: FileIdentity]>([:])

    /// Opens the folder under a path.
    package init(path: String, through calls: FileSystemCalls = .system) throws(CallFailure) {
        (self.path, self.calls, name, parent) = (path, calls, path, nil)
        descriptor = try Descriptor(openingFolder: path, through: calls)
        identity = try descriptor.status().identity
    }

    /// Opens a folder in another.
    private init(_ name: String, in parent: HeldFolder) throws(CallFailure) {
        (path, calls, self.name, self.parent) = (joinPath(parent.path, name), parent.calls, name, parent)
        descriptor = try Descriptor(
            opening: name, in: parent.number, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, through: parent.calls)
        identity = try descriptor.status().identity
    }

    /// The open folder's descriptor, valid while this object lives.
    package var number: Int32 { descriptor.number }

    /// The place of a file in this folder.
    package func place(_ name: String) -> FilePlace { FilePlace(folder: self, name: name) }
}

// MARK: Whether it is still the same

extension HeldFolder {
    /// Demands from now on that this very file stays under its name, such as the lock that gives the right to write here.
    package func pin(_ name: String, _ identity: FileIdentity) { pins.withLock { $0[name] = identity } }

    /// Ends the demand.
    package func unpin(_ name: String) { pins.withLock { $0[name] = nil } }

    /// Throws unless this folder, and that above it if it is held, is under its path, and each pinned file under its name.
    ///
    /// Cost: a call of the system for each of them. Throws `.folderGone`, `.pinnedFileGone`, or `.failed`.
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

    /// Where the system says that the folder is now; nil if it was removed.
    private var placeNow: String? {
        guard parent == nil else { return nil }
        var room = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/fd/\(number)", &room, room.count)
        guard count > 0 else { return nil }
        let now = String(decoding: room.prefix(count), as: UTF8.self)
        return (try? status(at: AT_FDCWD, now, 0, now))?.identity == identity ? now : nil
    }
}

// MARK: What is in it

extension HeldFolder {
    /// What is under a name, of a link the link itself; nil if nothing is.
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

    /// Throws `.inTheWay` if anything but `kind` is under the name.
    package func require(_ kind: EntryKind, orNothingAt name: String) throws(FileError) {
        guard let found = try status(of: name), found.kind != kind else { return }
        throw .inTheWay(path: joinPath(path, name), found: found.kind, expected: kind)
    }

    /// All names in the folder, in order, without `.` and `..`.
    package func names() throws(FileError) -> [String] {
        do throws(CallFailure) {
            return try namesInFolder(openAs: number).sorted()
        } catch {
            throw .failed(path: path, operation: "list the folder", errorNumber: error.errorNumber)
        }
    }

    /// Opens a folder in this one; nil if there is none. Throws `.inTheWay` or `.failed`.
    package func folder(_ name: String) throws(FileError) -> HeldFolder? {
        do throws(CallFailure) {
            return try HeldFolder(name, in: self)
        } catch {
            try require(.folder, orNothingAt: name)
            if error.errorNumber == ENOENT { return nil }
            throw .failed(path: joinPath(path, name), operation: "open the folder", errorNumber: error.errorNumber)
        }
    }

    /// Opens a folder in this one, which is made if it is missing, durably. Throws as `requireUnchanged`, `.inTheWay` or `.failed`.
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
            // Another process may have made it in the meantime.
            guard error.errorNumber == EEXIST else { throw error }
        }
        try synchronize()
    }

    /// Brings the folder's entries to the disk.
    func synchronize() throws(CallFailure) { try descriptor.synchronizeFolder() }

    /// Removes a file. Throws as `requireUnchanged`, `.inTheWay` for what is no regular file, or `.failed`.
    package func removeFile(_ name: String) throws(FileError) {
        try requireUnchanged()
        try require(.file, orNothingAt: name)
        try remove(name, 0, "remove the file")
    }

    /// Removes a folder in this one. Throws `.failed`, also for one that is not empty.
    package func removeFolder(_ name: String) throws(FileError) { try remove(name, AT_REMOVEDIR, "remove the folder") }

    private func remove(_ name: String, _ flags: Int32, _ operation: String) throws(FileError) {
        do throws(CallFailure) {
            try uninterrupted { () throws(CallFailure) in try calls.remove(number, name, flags) }
        } catch {
            throw .failed(path: joinPath(path, name), operation: operation, errorNumber: error.errorNumber)
        }
    }
}
