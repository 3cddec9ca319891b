package import Foundation

/// A temporary folder for one test. The last reference removes it.
package final class ScratchFolder: Sendable {
    /// The path of the folder.
    package let path: String

    /// Creates an empty folder.
    package init() throws {
        path = FileManager.default.temporaryDirectory.path + "/rnntrain-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The folder as a URL.
    package var folder: URL { URL(fileURLWithPath: path) }

    /// The path of a name in the folder.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file, and returns its path.
    @discardableResult
    package func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    /// Writes a text file and its missing parent folders, and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        let folder = URL(fileURLWithPath: file(name)).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return try write(Array(text.utf8), to: name)
    }

    /// The bytes of a file.
    package func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: file(name)))) }

    /// All names below the folder, including hidden ones, sorted.
    package func names() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: path).sorted() }
}
