import Failures
import Glibc

/// The number of bytes that a file at this path could still use. The path and its folders need not exist. Nil if the file system does not
/// report it.
package func freeSpace(forPath path: String) -> Int? {
    var status = statvfs()
    guard RawByte.withCString(nearestExisting(path), { statvfs($0, &status) }) == 0, status.f_blocks > 0 else { return nil }
    let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
    return overflow ? nil : bytes
}

/// The path itself, or its nearest parent that exists.
private func nearestExisting(_ path: String) -> String {
    var path = path
    while !pathExists(path) {
        let above = splitPath(withoutSlash(path)).folder
        if above == path { break }
        path = above
    }
    return path
}

/// The size of the file at this path; 0 if it does not exist.
package func fileSize(_ path: String) -> Int {
    var status = stat()
    return RawByte.withCString(path) { stat($0, &status) } == 0 ? Int(status.st_size) : 0
}

/// Up to `count` bytes from the start of a file; empty if there is no regular file. Throws `.unreadable`, `.notRead` or `.shortened`.
package func firstBytes(of path: String, count: Int) throws(FileError) -> [UInt8] {
    do throws(FileError) {
        let file = try ReadableFile(path: path)
        return try file.bytes(0..<min(file.byteCount, count))
    } catch {
        switch error {
        case .missing, .folder, .notRegular: return []
        default: throw error
        }
    }
}
