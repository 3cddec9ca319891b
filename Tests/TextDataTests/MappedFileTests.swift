import Failures
import Foundation
import TextData
import Testing

@Suite struct MappedFileTests {
    @Test("the bytes are those of the file, and so is the digest")
    func contents() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Array("abc".utf8), as: "a.txt")
        let file = try MappedFile(path: path)
        #expect(Array(file.bytes) == Array("abc".utf8))
        #expect(file.digest() == 0x78AF_5F94_892F_3950)
        #expect(try TextSource(path: path, unit: .char).digest == 0x78AF_5F94_892F_3950)
    }

    @Test("a file that is not there, or whose folder is a file, is missing")
    func missing() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write([1], as: "file")
        for path in [folder.path("none"), file + "/x"] {
            let error = textDataError { _ = try MappedFile(path: path) }
            #expect(error == .missingFile(path: path))
            #expect(error?.exitStatus == .inputMissing)
        }
    }

    @Test("a directory is told from a file")
    func directory() throws {
        let folder = try TemporaryFolder()
        let error = textDataError { _ = try MappedFile(path: folder.path) }
        #expect(error == .directory(path: folder.path))
        #expect(error?.exitStatus == .inputMissing)
    }

    @Test("a pipe is refused without waiting for its writer")
    func pipe() throws {
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
        #expect(textDataError { _ = try MappedFile(path: folder.path("pipe")) } == .notRegularFile(path: folder.path("pipe")))
    }

    @Test("a file that cannot be opened names the system's reason")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        let loop = folder.path("loop")
        #expect(symlink(loop, loop) == 0)
        let error = textDataError { _ = try MappedFile(path: loop) }
        #expect(error == .unreadableFile(path: loop, code: ELOOP))
        #expect(error?.exitStatus == .inputMissing)
        #expect(error?.description.contains("symbolic links") == true)
    }

    @Test("an empty file is bad data")
    func empty() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([], as: "empty")
        let error = textDataError { _ = try MappedFile(path: path) }
        #expect(error == .emptyFile(path: path))
        #expect(error?.exitStatus == .badData)
    }
}
