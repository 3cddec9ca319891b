import Files
import Foundation
import TestSupport
import Testing

@Suite("Functions on folders and paths")
struct FoldersTests {
    @Test(
        "A path is divided into its folder and its last component",
        arguments: [
            ("f", ".", "f"), ("/f", "/", "f"), ("a/b/f", "a/b", "f"), ("../f", "..", "f"), ("a/", "a", ""),
            ("a/\u{301}b", "a", "\u{301}b"),
        ])
    func split(path: String, folder: String, name: String) {
        let parts = splitPath(path)
        #expect(parts.folder == folder && parts.name == name)
        #expect(joinPath("/", "f") == "/f" && joinPath("a/", "f") == "a/f" && joinPath("a", "f") == "a/f")
    }

    @Test("A character that joins a slash beside it is part of a name")
    func joinedSlash() {
        let path = "/\u{301}a/b\u{600}/\u{200D}c"
        #expect(isAbsolutePath(path) && absolutePath(path).utf8.elementsEqual(path.utf8))
        #expect(pathNames(path) == ["\u{301}a", "b\u{600}", "\u{200D}c"])
        #expect(withoutSlash("b\u{600}/") == "b\u{600}" && joinPath("b\u{600}/", "c") == "b\u{600}/c")
        #expect(absolutePath("./\u{301}a").hasSuffix("/\u{301}a") && !absolutePath("././/\u{301}a").contains("./"))
    }

    @Test("A listing omits . and ..; a missing folder is not an error, a file is")
    func names() throws {
        let folder = try ScratchFolder()
        for name in ["b", ".a"] { try folder.write([], to: name) }
        #expect(try namesInFolder(folder.path)?.sorted() == [".a", "b"])
        #expect(try namesInFolder(folder.file("none")) == nil)
        let error = FileError.failed(path: folder.file("b"), operation: "list the folder", errorNumber: ENOTDIR)
        #expect(throws: error) { try namesInFolder(folder.file("b")) }
        #expect(pathExists(folder.file("b")) && !pathExists(folder.file("none")))
    }

    @Test("A link without a target is an entry; a name that cannot be examined is an error")
    func entries() throws {
        let folder = try ScratchFolder()
        try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "none")
        #expect(try entryExists(folder.file("link")) && !entryExists(folder.file("none")) && !entryExists(folder.file("none/f")))
        let long = folder.file(String(repeating: "a", count: 300))
        let error = FileError.failed(path: long, operation: FileOperation.examineEntry.rawValue, errorNumber: ENAMETOOLONG)
        #expect(throws: error) { try entryExists(long) }
    }

    @Test("After any failing call during the creation of folders, a second attempt succeeds")
    func makeThem() throws {
        for call in 1...100 {
            let scratch = try ScratchFolder()
            let injector = FaultInjector(failingCall: call, .error(ENOSPC))
            let result = Result { try makeFolders(scratch.file("a/b/c/"), through: injector.calls) }
            try makeFolders(scratch.file("a/b/c/"))
            #expect(try scratch.names() == ["a", "a/b", "a/b/c"])
            if !injector.hasFired {
                _ = try result.get()
                return #expect(call == 13, "mkdir, open, fsync, close, three times")
            }
        }
        Issue.record("three folders take more than 100 calls")
    }

    @Test("A file that cannot be removed is an error")
    func remove() throws {
        let folder = try ScratchFolder()
        let error = FileError.failed(path: folder.file("f"), operation: "remove the file", errorNumber: ENOENT)
        let held = try HeldFolder(path: folder.path)
        #expect(throws: error) { try held.removeFile("f") }
        try folder.write([1], to: "g")
        try held.removeFile("g")
        #expect(try folder.names().isEmpty)
    }
}
