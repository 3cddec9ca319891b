/// The name of a file in a held folder. The file need not exist.
package struct FilePlace: Sendable {
    package let folder: HeldFolder
    package let name: String

    /// A name in an open folder.
    package init(folder: HeldFolder, name: String) { (self.folder, self.name) = (folder, name) }

    /// Opens the folder of a path. Throws `.failed`.
    package init(path: String, through calls: FileSystemCalls = .system) throws(FileError) {
        let (folder, name) = splitPath(path)
        do throws(CallFailure) {
            self.init(folder: try HeldFolder(path: folder, through: calls), name: name)
        } catch {
            throw .failed(path: path, operation: FileOperation.openFolder.rawValue, errorNumber: error.errorNumber)
        }
    }

    /// The path, for messages and for reading.
    package var path: String { joinPath(folder.path, name) }

    func failed(_ operation: String, _ failure: CallFailure) -> FileError {
        .failed(path: path, operation: operation, errorNumber: failure.errorNumber)
    }
}
