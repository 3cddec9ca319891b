import Assessment
import Files

/// A file of pairs, hypotheses, references or text, named on the command line and held in memory.
enum NamedData {
    /// The largest file.
    private static let limit = 1 << 32

    /// Reads the file at `path`, as lines of text. Throws errors of reading (66, 74) and of its content (65).
    static func file(_ path: String, namedBy option: String) throws -> DataFile {
        try DataFile(name: path == StandardInput.sign ? StandardInput.name : path, bytes: bytes(path, namedBy: option))
    }

    /// Reads the file at `path`, an open pipe, or the standard input for `-`. Throws errors of reading (66, 74).
    static func bytes(_ path: String, namedBy option: String) throws -> [UInt8] {
        if path == StandardInput.sign { return try StandardInput.contents() }
        if let pipe = StandardInput.openPipe(path) { return try StandardInput.contents(of: pipe) }
        try InputFile.check(path, namedBy: option)
        do throws(FileError) {
            return try ReadableFile.contents(of: path, limit: limit)
        } catch {
            if case .notRegular = error { throw UnmappableInputError(path: path) }
            throw error
        }
    }
}
