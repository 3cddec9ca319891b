import Glibc

/// The number of bytes that a file at this path could still use. The path and its folders need not exist. Nil if the file system does not
/// report it.
package func freeSpace(forPath path: String) -> Int? {
    var status = statvfs()
    guard statvfs(nearestExisting(path), &status) == 0, status.f_blocks > 0 else { return nil }
    let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
    return overflow ? nil : bytes
}

/// The path itself, or its nearest parent that exists.
private func nearestExisting(_ path: String) -> String {
    var path = path
    while !pathExists(path) {
        let trimmed = path.hasSuffix("/") ? String(path.dropLast()) : path
        let above = splitPath(trimmed).folder
        if above == path { break }
        path = above
    }
    return path
}

/// The size of the file at this path; 0 if it does not exist.
package func fileSize(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

/// Up to `count` bytes from the start of a file; empty if the path is not a readable regular file.
package func firstBytes(of path: String, count: Int) -> [UInt8] {
    // O_NONBLOCK: opening a pipe without a writer must not block.
    guard let file = try? Descriptor(opening: path, O_RDONLY | O_NONBLOCK, through: .system) else { return [] }
    return (try? file.read(count, at: 0)) ?? []
}
