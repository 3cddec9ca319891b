import Glibc

/// Folder and last name of a path; the folder of a bare name is `.`.
package func splitPath(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = path[..<slash]
    return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
}

/// A name inside a folder.
package func joinPath(_ folder: String, _ name: String) -> String { folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }

/// The path from the root of the file system, so that it holds in every working folder; as it is where that one is unknown.
package func absolutePath(_ path: String) -> String {
    guard !path.hasPrefix("/"), let here = getcwd(nil, 0) else { return path }
    defer { free(here) }
    var path = path[...]
    while path.hasPrefix("./") { path = path.dropFirst(2).drop { $0 == "/" } }
    return joinPath(String(cString: here), String(path))
}

/// Whether anything is under this path.
package func pathExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// The names in a folder, in no order, without `.` and `..`; nil if there is no such folder.
package func namesInFolder(_ path: String) throws(FileError) -> [String]? {
    do throws(CallFailure) {
        return try names(in: opendir(path))
    } catch {
        if error.errorNumber == ENOENT { return nil }
        throw .failed(path: path, operation: "list the folder", errorNumber: error.errorNumber)
    }
}

/// The same of an open folder, whose position is left.
func namesInFolder(openAs number: Int32) throws(CallFailure) -> [String] {
    let again = openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard again >= 0 else { throw CallFailure(errorNumber: errno) }
    return try names(in: fdopendir(again))
}

/// Reads and closes what `opendir` returned.
private func names(in folder: OpaquePointer?) throws(CallFailure) -> [String] {
    guard let folder else { throw CallFailure(errorNumber: errno) }
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
    guard number == 0 else { throw CallFailure(errorNumber: number) }
    return names
}

/// Makes a folder and those above it that are missing, each entry synchronised, so that what is later written into it
/// cannot be lost with it. Returns the paths of those that were made, the outermost first. Throws `.failed`.
@discardableResult
package func makeFolders(_ path: String, through calls: FileSystemCalls = .system) throws(FileError) -> [String] {
    if isFolder(path) { return [] }
    let trimmed = path.hasSuffix("/") ? String(path.dropLast()) : path
    let parent = splitPath(trimmed).folder
    let above = try makeFolders(parent, through: calls)
    do throws(CallFailure) {
        return try makeOneFolder(trimmed, in: parent, through: calls) ? above + [trimmed] : above
    } catch {
        removeFolders(above)
        throw .failed(path: path, operation: "make the folder", errorNumber: error.errorNumber)
    }
}

/// Removes folders that `makeFolders` has made, the innermost first; those that are not empty or were removed meanwhile are left.
package func removeFolders(_ paths: [String]) {
    for path in paths.reversed() { rmdir(path) }
}

/// Whether it was made, and not by another process.
private func makeOneFolder(_ path: String, in parent: String, through calls: FileSystemCalls) throws(CallFailure) -> Bool {
    do throws(CallFailure) {
        try calls.makeFolder(AT_FDCWD, path, 0o777)
    } catch {
        guard error.errorNumber == EEXIST, isFolder(path) else { throw error }
        return false
    }
    do throws(CallFailure) {
        try Descriptor(openingFolder: parent, through: calls).synchronizeFolder()
    } catch {
        rmdir(path)
        throw error
    }
    return true
}

private func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
