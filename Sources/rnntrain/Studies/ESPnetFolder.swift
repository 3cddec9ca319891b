import Assessment
import Failures
import Files
import Glibc

/// The folder of the files that `rescore` writes for ESPnet.
struct ESPnetFolder {
    private let path: String

    /// Creates the folder if it does not exist, and tries to write in it, so that a fault is found before the work.
    ///
    /// Throws `ESPnetFolderError.otherFiles` if files of these names are not those of an earlier list, and `superfluousFile` if the folder has a file
    /// that is not among `names`, those of this list: it would pass for a file of this list.
    init(_ path: String, names: [String]) throws {
        self.path = path
        guard RawByte.withCString(path, { mkdir($0, 0o777) }) == 0 || errno == EEXIST else {
            throw FileError.failed(path: path, operation: "create the folder", errorNumber: errno)
        }
        // The names are common words: a file that has one of them may be anything.
        let found = NBestFormat.espnetNames.filter { pathExists(file($0)) }
        if let first = found.first, !NBestFormat.espnetNamesOfAll.allSatisfy(found.contains) {
            throw ESPnetFolderError.otherFiles(path: file(first), folder: path)
        }
        if let other = found.first(where: { !names.contains($0) }) {
            throw ESPnetFolderError.superfluousFile(path: file(other))
        }
        // Creates and removes temporary files.
        for name in names { _ = try DurableFile(path: file(name)) }
    }

    private func file(_ name: String) -> String { path + "/" + name }

    /// Replaces the files of an earlier list. No file changes before all of them are written.
    func write(_ files: [(name: String, text: String)]) throws {
        var replaced: [String] = []
        do throws(FileError) {
            try replace(files[...], &replaced)
        } catch {
            guard !replaced.isEmpty else { throw error }
            throw ESPnetFolderError.partlyReplaced(folder: path, names: replaced, cause: error)
        }
    }

    /// Writes each file, then the files after it, and only then gives it its name. Adds the names that refer to new files to `replaced`.
    private func replace(_ files: ArraySlice<(name: String, text: String)>, _ replaced: inout [String]) throws(FileError) {
        guard let first = files.first else { return }
        let new = try DurableFile(path: file(first.name))
        try new.write(Array(first.text.utf8))
        try replace(files.dropFirst(), &replaced)
        try new.commit()
        replaced.append(first.name)
    }
}

/// Faults of the folder that `rescore` writes.
enum ESPnetFolderError: UserFacingError {
    /// A file of the user has one of the names.
    case otherFiles(path: String, folder: String)
    /// A file of an earlier list, or of the user, has no counterpart in this list.
    case superfluousFile(path: String)
    /// The files with these names are new, the others are not.
    case partlyReplaced(folder: String, names: [String], cause: FileError)

    var exitStatus: ExitStatus {
        switch self {
        case .otherFiles, .superfluousFile: .usage
        case .partlyReplaced(_, _, let cause): cause.exitStatus
        }
    }

    var description: String {
        switch self {
        case .otherFiles(let path, let folder):
            "\(quoting: path) exists, but \(quoting: folder) does not have all files of an earlier list, so that it may be "
                + "another file of yours. Name another folder with --output, or move the file away."
        case .superfluousFile(let path):
            "\(quoting: path) would pass for a file of this list, which has no --scores. Move it away, or name another folder with --output."
        case .partlyReplaced(let folder, let names, let cause):
            "\(cause) In \(folder), \(names.joined(separator: ", ")) \(names.count == 1 ? "is" : "are") of this list, and the "
                + "other files are not: remove all of them, and run the command again."
        }
    }
}
