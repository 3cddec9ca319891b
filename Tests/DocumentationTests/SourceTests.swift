import Foundation
import Testing

/// What CONTRIBUTING.md says of the sources: short functions and files, and documented public declarations.
@Suite("Sources")
struct SourceTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

    private static func sources(_ folder: String) throws -> [SwiftSource] {
        let below = FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil)
        let files = try #require(below).compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
        return try files.map { try SwiftSource($0.standardized, root: root) }
    }

    @Test("A function has fewer than 40 lines, and nine of ten have fewer than 16")
    func functions() throws {
        let functions = try Self.sources("Sources").flatMap(\.functions)
        try #require(functions.count > 1500)
        for function in functions where function.lineCount >= 40 {
            Issue.record("\(function.place): the function has \(function.lineCount) lines")
        }
        let lengths = functions.map(\.lineCount).sorted()
        #expect(lengths[lengths.count * 9 / 10] < 16)
    }

    @Test("A file has at most 300 lines", arguments: ["Sources", "Tests"])
    func files(folder: String) throws {
        for file in try Self.sources(folder) where file.lineCount > 300 {
            Issue.record("\(file.path) has \(file.lineCount) lines")
        }
    }

    @Test("Public declarations have comments")
    func documentation() throws {
        let sources = try Self.sources("Sources")
        let standard = ["description", "debugDescription", "encode", "rawValue", "allCases", "next", "==", "<", "hash"]
        let requirements = Set(standard + sources.flatMap(\.requirements))
        for place in sources.flatMap({ $0.undocumented(requirements: requirements) }) { Issue.record("\(place) has no comment") }
    }
}
