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

    @Test("A mapping contains the bytes of the file, and none of an empty file")
    func contents() throws {
        let file = try MappedFile(path: try folder.write(Array("abc".utf8), to: "a.txt"))
        file.adviseSequential()
        #expect(Array(file.bytes) == Array("abc".utf8))
        #expect(file.path == folder.file("a.txt"))
        let empty = try MappedFile(path: try folder.write([], to: "empty"))
        empty.adviseSequential()
        #expect(empty.bytes.isEmpty)
    }

    @Test("A file is missing if it does not exist or if its folder is a file")
    func missing() throws {
        let file = try folder.write([1], to: "file")
        for path in [folder.file("none"), file + "/x"] { #expect(error(path) == .missing(path: path)) }
    }

    @Test("A directory is refused")
    func directory() {
        #expect(error(folder.path) == .folder(path: folder.path))
    }

    @Test("A pipe is refused without waiting for its writer")
    func pipe() {
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        #expect(error(folder.file("pipe")) == .notRegular(path: folder.file("pipe")))
    }

    @Test("The error contains the system's reason if the file cannot be opened")
    func unreadable() {
        let loop = folder.file("loop")
        #expect(symlink(loop, loop) == 0)
        let error = error(loop)
        #expect(error == .unreadable(path: loop, operation: .open, errorNumber: ELOOP))
        #expect(error?.description.contains("symbolic links") == true)
    }

    @Test("A file that is shortened reads as zeros, and the fault is recorded")
    func shortened() throws {
        let page = sysconf(Int32(_SC_PAGESIZE))
        let path = try folder.write([UInt8](repeating: 7, count: 3 * page), to: "long")
        let file = try MappedFile(path: path)
        #expect(file.fault == nil && file.bytes[0] == 7)
        #expect(truncate(path, 100) == 0)
        #expect(file.bytes[page] == 0 && file.bytes[3 * page - 1] == 0)
        let fault = FileError.shortened(path: path, byteCount: 100, expected: 3 * page)
        #expect(file.fault == fault && fault.exitStatus == .badData)
        #expect(caughtFileError { () throws(FileError) in _ = try file.hasChanged() } == fault)
        #expect(caughtFileError { () throws(FileError) in try file.checked({ $0 }) { () throws(FileError) in } } == fault)
    }

    @Test("After a file shrinks and grows again, the fault has the offset of the pages that were not read")
    func unreadPages() throws {
        let page = sysconf(Int32(_SC_PAGESIZE))
        let path = try folder.write([UInt8](repeating: 7, count: 3 * page), to: "long")
        let file = try MappedFile(path: path)
        #expect(truncate(path, off_t(page)) == 0)
        #expect(file.bytes[2 * page + 5] == 0)
        #expect(truncate(path, off_t(3 * page)) == 0)
        let fault = FileError.notRead(path: path, byteOffset: 2 * page, errorNumber: EIO)
        #expect(file.fault == fault && fault.exitStatus == .inputOutput)
        #expect("\(fault)".hasPrefix("\(path): cannot read the file at byte \(2 * page): Input/output error."))
    }

    @Test("A few bytes beyond the last page can be read without a fault")
    func margin() throws {
        let page = sysconf(Int32(_SC_PAGESIZE))
        let file = try MappedFile(path: try folder.write([UInt8](repeating: 7, count: page), to: "page"))
        #expect(try #require(file.bytes.baseAddress).load(fromByteOffset: page + 3, as: UInt8.self) == 0)
        #expect(file.fault == nil)
    }

    @Test("A change of the file is reported once")
    func changed() throws {
        let path = try folder.write([1, 2, 3], to: "file")
        let file = try MappedFile(path: path)
        #expect(try !file.hasChanged())
        let times = [timespec(tv_sec: 5, tv_nsec: 0), timespec(tv_sec: 5, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, path, times, 0) == 0)
        #expect(try file.hasChanged())
        #expect(try !file.hasChanged())
    }

    @Test("A change of permissions, names or times is no change of the content; a changed modification time or size may be one")
    func kindOfChange() throws {
        let path = try folder.write([1, 2, 3], to: "file")
        let file = try MappedFile(path: path)
        #expect(try file.change() == .nothing)
        usleep(20_000)  // longer than a tick of the file system's clock
        #expect(chmod(path, 0o600) == 0)
        #expect(try file.change() == .status)
        #expect(try file.change() == .nothing)
        usleep(20_000)
        #expect(link(path, folder.file("other")) == 0)
        #expect(try file.change() == .status)
        #expect(utimensat(AT_FDCWD, path, [timespec(tv_sec: 5, tv_nsec: 0), timespec(tv_sec: 5, tv_nsec: 0)], 0) == 0)
        #expect(try file.change() == .content)
        try FileHandle(forWritingTo: URL(fileURLWithPath: path)).truncate(atOffset: 5)
        #expect(try file.change() == .content)
    }

    @Test("A file that is written or shortened while it is read as a whole is refused")
    func changedMeanwhile() throws {
        let path = try folder.write([1, 2, 3], to: "file")
        let changed = FileError.folderGone(path: path, now: nil)  // any other error
        func error(_ body: () -> Void) throws -> FileError? {
            let file = try MappedFile(path: path)
            return caughtFileError { () throws(FileError) in
                try file.checkedUnchanged({ $0 }, changed: changed) { () throws(FileError) in body() }
            }
        }
        #expect(try error {} == nil)
        let times = [timespec(tv_sec: 5, tv_nsec: 0), timespec(tv_sec: 5, tv_nsec: 0)]
        #expect(try error { _ = utimensat(AT_FDCWD, path, times, 0) } == changed)
        let shortened = FileError.shortened(path: path, byteCount: 1, expected: 3)
        #expect(try error { _ = truncate(path, 1) } == shortened)
    }
}

@Suite("A file read by system calls")
struct ReadableFileTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    @Test("Any range can be read, and a range beyond the end is an error")
    func ranges() throws {
        let path = try folder.write(Array(0..<100), to: "file")
        for file in [try ReadableFile(path: path), ReadableFile(bytes: Array(0..<100), named: path)] {
            #expect(file.byteCount == 100)
            #expect(try file.bytes(3..<7) == [3, 4, 5, 6])
            #expect(try file.bytes(100..<100) == [])
            #expect(
                caughtFileError { () throws(FileError) in _ = try file.bytes(90..<110) }
                    == .shortened(path: path, byteCount: 100, expected: 110))
        }
    }

    @Test("A pipe, a folder and a file that is too large are refused")
    func refused() throws {
        let path = try folder.write(Array(0..<100), to: "file")
        #expect(try ReadableFile.contents(of: path, limit: 100).count == 100)
        let error = caughtFileError { () throws(FileError) in _ = try ReadableFile.contents(of: path, limit: 99) }
        #expect(error == .tooLarge(path: path, byteCount: 100, limit: 99) && error?.exitStatus == .badData)
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        for name in ["pipe", "."] {
            #expect(
                caughtFileError { () throws(FileError) in _ = try ReadableFile.contents(of: folder.file(name), limit: 9) } != nil)
        }
    }
}
