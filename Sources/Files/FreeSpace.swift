import Glibc

/// Bytes that a file under this path could still take, whether or not its folders are there yet; nil where the file system does not say.
package func freeSpace(forPath path: String) -> Int? {
    var status = statvfs()
    guard statvfs(nearestExisting(path), &status) == 0, status.f_blocks > 0 else { return nil }
    let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
    return overflow ? nil : bytes
}

/// The path itself, or the folder above it that is nearest and there.
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

/// The size of the file under this path; 0 where there is none.
package func fileSize(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

/// Up to `count` bytes from the start of a file; none of what cannot be read or is no file.
package func firstBytes(of path: String, count: Int) -> [UInt8] {
    // O_NONBLOCK: a pipe without a writer must not hang here.
    guard let file = try? Descriptor(opening: path, O_RDONLY | O_NONBLOCK, through: .system) else { return [] }
    return (try? file.read(count, at: 0)) ?? []
}
