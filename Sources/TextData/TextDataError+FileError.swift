import Files

extension TextDataError {
    /// The error of this module for a failed operation on a file.
    init(_ error: FileError) {
        switch error {
        case .missing, .folder, .notRegular, .unreadable(_, .open, _), .folderGone, .pinnedFileGone, .inTheWay, .hasOtherNames,
            .notRead, .shortened, .tooLarge, .failed:
            self = .file(error)
        case .unreadable(let path, let operation, let number), .notCommitted(let path, let operation, let number),
            .durabilityUncertain(let path, let operation, let number):
            self = .inputOutput(path: path, operation: operation.activity, code: number)
        }
    }
}

extension FileOperation {
    /// The operation, as the text before "failed".
    fileprivate var activity: String {
        switch self {
        case .open: "opening the file"
        case .examine: "reading the file's size"
        case .map: "mapping the file"
        case .openFolder: "opening the folder"
        case .createTemporary: "creating the file"
        case .write: "writing"
        case .rewind: "seeking"
        case .synchronize: "fsync"
        case .close: "closing"
        case .rename: "renaming"
        case .synchronizeFolder: "fsync of the folder"
        case .examineEntry: "reading the status of the name"
        }
    }
}

/// Maps a file that must not be empty.
///
/// Throws `file` (66), `emptyFile` (65), `inputOutput` (74).
func mappedFile(_ path: String) throws(TextDataError) -> MappedFile {
    let file: MappedFile
    do throws(FileError) {
        file = try MappedFile(path: path)
    } catch {
        throw TextDataError(error)
    }
    guard !file.bytes.isEmpty else { throw .emptyFile(path: path) }
    return file
}
