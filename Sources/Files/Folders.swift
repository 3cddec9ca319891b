import Failures
import Glibc

/// The absolute path without links, `.` and `..`. For a path that does not exist, the absolute path.
package func resolvedPath(_ path: String) -> String {
    guard let resolved = RawByte.withCString(path, { realpath($0, nil) }) else { return absolutePath(path) }
    defer { free(resolved) }
    return RawByte.text(cString: resolved)
}

/// The path of the working folder; nil if it is unknown.
package func workingFolder() -> String? {
    guard let here = getcwd(nil, 0) else { return nil }
    defer { free(here) }
    return RawByte.text(cString: here)
}

/// Whether the path exists.
package func pathExists(_ path: String) -> Bool { RawByte.withCString(path) { access($0, F_OK) } == 0 }

/// Whether this process may read the file.
package func isReadable(_ path: String) -> Bool { RawByte.withCString(path) { access($0, R_OK) } == 0 }

/// Whether there is an entry, also a symbolic link without a target, in a folder that may be searched. Throws `.failed`.
package func entryExists(_ path: String) throws(FileError) -> Bool {
    var status = stat()
    if RawByte.withCString(path, { lstat($0, &status) }) == 0 { return true }
    if [ENOENT, ENOTDIR, EACCES].contains(errno) { return false }
    throw .failed(path: path, operation: FileOperation.examineEntry.rawValue, errorNumber: errno)
}

/// The names in a folder, unsorted, without `.` and `..`; nil if the folder does not exist.
package func namesInFolder(_ path: String) throws(FileError) -> [String]? {
    do throws(CallFailure) {
        return try names(in: RawByte.withCString(path) { opendir($0) })
    } catch {
        if error.errorNumber == ENOENT { return nil }
        throw .failed(path: path, operation: "list the folder", errorNumber: error.errorNumber)
    }
}

/// The names in an open folder. Does not change the position of its descriptor.
func namesInFolder(openAs number: Int32) throws(CallFailure) -> [String] {
    let again = openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard again >= 0 else { throw CallFailure(errorNumber: errno) }
    return try names(in: fdopendir(again))
}

/// Reads the directory stream of `opendir`, and closes it.
private func names(in folder: OpaquePointer?) throws(CallFailure) -> [String] {
    guard let folder else { throw CallFailure(errorNumber: errno) }
    defer { closedir(folder) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { RawByte.text(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
        errno = 0
    }
    let number = errno
    guard number == 0 else { throw CallFailure(errorNumber: number) }
    return names
}

/// Creates a folder and its missing parents. Synchronises each entry, so that later files in the folder cannot be lost with it. Returns the
/// paths of the created folders, outermost first. Throws `.failed`.
@discardableResult
package func makeFolders(_ path: String, through calls: FileSystemCalls = .system) throws(FileError) -> [String] {
    if isFolder(path) { return [] }
    let trimmed = withoutSlash(path)
    let parent = splitPath(trimmed).folder
    let above = try makeFolders(parent, through: calls)
    do throws(CallFailure) {
        return try makeOneFolder(trimmed, in: parent, through: calls) ? above + [trimmed] : above
    } catch {
        removeFolders(above)
        throw .failed(path: path, operation: "make the folder", errorNumber: error.errorNumber)
    }
}

/// Removes folders that `makeFolders` created, innermost first. Skips folders that are not empty or no longer exist.
package func removeFolders(_ paths: [String]) {
    for path in paths.reversed() { _ = RawByte.withCString(path) { rmdir($0) } }
}

/// Returns whether this call created the folder, and not another process.
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
        _ = RawByte.withCString(path) { rmdir($0) }
        throw error
    }
    return true
}

/// Whether `path` names a folder, also through a symbolic link.
package func isFolder(_ path: String) -> Bool {
    var status = stat()
    return RawByte.withCString(path) { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
}
