import Foundation
import Testing

/// What CONTRIBUTING.md says of the sources: short functions and files, and documented public declarations.
@Suite("Sources")
struct SourceTests {
    @Test("A function has fewer than 40 lines, and nine of ten have fewer than 16")
    func functions() throws {
        let functions = try SwiftSource.all(below: "Sources").flatMap(\.functions)
        try #require(functions.count > 1500)
        for function in functions where function.lineCount >= 40 {
            Issue.record("\(function.place): the function has \(function.lineCount) lines")
        }
        let lengths = functions.map(\.lineCount).sorted()
        #expect(lengths[lengths.count * 9 / 10] < 16)
    }

    @Test("A file has at most 300 lines", arguments: ["Sources", "Tests"])
    func files(folder: String) throws {
        for file in try SwiftSource.all(below: folder) where file.lineCount > 300 {
            Issue.record("\(file.path) has \(file.lineCount) lines")
        }
    }

    @Test("Public declarations have comments")
    func documentation() throws {
        let sources = try SwiftSource.all(below: "Sources")
        let standard = ["description", "debugDescription", "encode", "rawValue", "allCases", "next", "==", "<", "hash"]
        let requirements = Set(standard + sources.flatMap(\.requirements))
        for place in sources.flatMap({ $0.undocumented(requirements: requirements) }) { Issue.record("\(place) has no comment") }
    }
}
