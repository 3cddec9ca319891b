// Parts of paths, by bytes and scalars: a combining mark at the start of a name, for example, joins the slash before it to one `Character`.

private let slash: Unicode.Scalar = "/"

/// The folder and the last component of a path. The folder of a name without a slash is `.`.
package func splitPath(_ path: String) -> (folder: String, name: String) {
    guard let place = path.unicodeScalars.lastIndex(of: slash) else { return (".", path) }
    let folder = path[..<place]
    return (folder.isEmpty ? "/" : String(folder), String(path[path.unicodeScalars.index(after: place)...]))
}

/// The names in a path, without slashes.
package func pathNames(_ path: String) -> [String] { path.unicodeScalars.split(separator: slash).map { String($0) } }

/// The path of a name inside a folder.
package func joinPath(_ folder: String, _ name: String) -> String {
    folder.unicodeScalars.last == slash ? folder + name : "\(folder)/\(name)"
}

/// The path without its last slash.
package func withoutSlash(_ path: String) -> String {
    path.unicodeScalars.last == slash ? String(path.unicodeScalars.dropLast()) : path
}

/// Whether the path begins at the root of the file system.
package func isAbsolutePath(_ path: String) -> Bool { path.unicodeScalars.first == slash }

/// The absolute path, which is valid in every working folder. Returns the path unchanged if the working folder is unknown.
package func absolutePath(_ path: String) -> String {
    guard !isAbsolutePath(path), let here = workingFolder() else { return path }
    var rest = path.unicodeScalars[...]
    while rest.starts(with: "./".unicodeScalars) { rest = rest.dropFirst(2).drop { $0 == slash } }
    return joinPath(here, String(rest))
}
