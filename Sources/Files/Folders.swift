import Glibc

/// Folder and last name of a path; the folder of a bare name is `.`.
package func splitPath(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = path[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
}

/// A name inside a folder.
package func joinPath(_ folder: String, _ name: String) -> String { folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }

/// Whether anything is under this path.
package func pathExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// The names in a folder, in no order, without `.` and `..`; nil if there is no such folder.
package func namesInFolder(_ path: String) throws(FileError) -> [String]? {
    guard let folder = opendir(path) else {
        let number = errno
        if number == ENOENT { return nil }
        throw .failed(path: path, operation: "list the folder", errorNumber: number)
    }
    defer { closedir(folder) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
        errno = 0
    }
    let number = errno
    guard number == 0 else { throw .failed(path: path, operation: "list the folder", errorNumber: number) }
    return names
}

/// Makes a folder and those above it that are missing, each entry synchronised, so that what is later written into it
/// cannot be lost with it.
package func makeFolders(_ path: String, through calls: FileSystemCalls = .system) throws(FileError) {
    if isFolder(path) { return }
    let trimmed = path.hasSuffix("/") ? String(path.dropLast()) : path
    let parent = splitPath(trimmed).folder
    try makeFolders(parent, through: calls)
    do throws(CallFailure) {
        try makeOneFolder(trimmed, in: parent, through: calls)
    } catch {
        throw .failed(path: path, operation: "make the folder", errorNumber: error.errorNumber)
    }
}

private func makeOneFolder(_ path: String, in parent: String, through calls: FileSystemCalls) throws(CallFailure) {
    do throws(CallFailure) {
        try calls.makeFolder(path, 0o777)
    } catch {
        // Another process may have made it in the meantime.
        guard error.errorNumber == EEXIST, isFolder(path) else { throw error }
    }
    try Descriptor(openingFolder: parent, through: calls).synchronizeFolder()
}

/// Removes a file. Throws `.failed`.
package func removeFile(_ path: String, through calls: FileSystemCalls = .system) throws(FileError) {
    do throws(CallFailure) {
        try uninterrupted { () throws(CallFailure) in try calls.remove(path) }
    } catch {
        throw .failed(path: path, operation: "remove the file", errorNumber: error.errorNumber)
    }
}

private func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
