import Failures
import Files
import Foundation
import TestSupport
import Testing

@Suite("A file mapped into memory")
struct MappedFileTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private func error(_ path: String) -> FileError? {
        caughtFileError { () throws(FileError) in _ = try MappedFile(path: path) }
    }

    @Test("has the bytes of the file, none of an empty one")
    func contents() throws {
        let file = try MappedFile(path: try folder.write(Array("abc".utf8), to: "a.txt"))
        file.adviseSequential()
        #expect(Array(file.bytes) == Array("abc".utf8))
        #expect(file.path == folder.file("a.txt"))
        let empty = try MappedFile(path: try folder.write([], to: "empty"))
        empty.adviseSequential()
        #expect(empty.bytes.isEmpty)
    }

    @Test("is missing where it is not there, or where its folder is a file")
    func missing() throws {
        let file = try folder.write([1], to: "file")
        for path in [folder.file("none"), file + "/x"] { #expect(error(path) == .missing(path: path)) }
    }

    @Test("is told from a directory")
    func directory() {
        #expect(error(folder.path) == .folder(path: folder.path))
    }

    @Test("is told from a pipe, without waiting for its writer")
    func pipe() {
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        #expect(error(folder.file("pipe")) == .notRegular(path: folder.file("pipe")))
    }

    @Test("names the system's reason if it cannot be opened")
    func unreadable() {
        let loop = folder.file("loop")
        #expect(symlink(loop, loop) == 0)
        let error = error(loop)
        #expect(error == .unreadable(path: loop, operation: .open, errorNumber: ELOOP))
        #expect(error?.description.contains("symbolic links") == true)
    }
}
