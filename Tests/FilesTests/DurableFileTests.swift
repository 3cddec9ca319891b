import Failures
import Files
import Foundation
import TestSupport
import Testing

@Suite("A durable file is replaced atomically")
struct DurableFileTests {
    private static let faults: [FaultInjector.Fault] = [
        .error(ENOSPC), .error(EIO), .error(EINTR), .error(EDQUOT), .shortWrite, .emptyWrite,
    ]
    private let old: [UInt8] = [1, 2, 3]
    private let new = [UInt8](repeating: 7, count: 1000)

    @Test("After any failing call the old or the new file is in place, as the error says, without temporary files")
    func everyCall() throws {
        for fault in Self.faults {
            let count = try failEachCall {
                FaultInjector(failingCall: $0, fault)
            } check: { folder, isNew, error in
                #expect(isNew == (error == nil || isUncertain(error)), "\(String(describing: error))")
                let names = try folder.names()
                #expect(names == ["f"])
            }
            #expect(
                count >= 10, "two opens, looks at the folder and the name, three writes, seek, fsync, close, rename, fsync, close"
            )
        }
    }

    @Test("If all calls fail from any call on, the old or the new file is in place")
    func everyCallOnwards() throws {
        try failEachCall {
            FaultInjector(failingCall: $0, .error(EIO), staysBroken: true)
        } check: { _, isNew, error in
            // A failure to close a folder is not reported.
            #expect(isNew == (error == nil || isUncertain(error)))
        }
    }

    @Test("An interrupted call is repeated, except for a rename")
    func interrupted() throws {
        var failed = 0
        try failEachCall {
            FaultInjector(failingCall: $0, .error(EINTR))
        } check: { _, _, error in
            guard let error else { return }
            failed += 1
            guard case .notCommitted(_, .rename, EINTR) = error else {
                Issue.record(error)
                return
            }
        }
        #expect(failed == 1)
    }

    @Test("After a partial write the rest is written")
    func shortWrites() throws {
        try failEachCall {
            FaultInjector(failingCall: $0, .shortWrite)
        } check: { _, isNew, error in
            #expect(isNew && error == nil)
        }
    }

    /// Replaces a file with each call failing in turn, until all calls of a write succeed. Returns the number of calls.
    @discardableResult
    private func failEachCall(
        _ injector: (Int) -> FaultInjector, check: (ScratchFolder, Bool, FileError?) throws -> Void
    ) throws -> Int {
        for call in 1...100 {
            let folder = try ScratchFolder()
            let (injector, path) = (injector(call), try folder.write(old, to: "f"))
            let error = caughtFileError { () throws(FileError) in try replace(path, through: injector.calls) }
            if !injector.hasFired { return call - 1 }
            let found = try folder.read("f")
            #expect(found == old || found == new)
            try check(folder, found == new, error)
        }
        Issue.record("a write takes more than 100 calls")
        return 0
    }

    /// Writes in pieces, the first piece twice.
    private func replace(_ path: String, through calls: FileSystemCalls) throws(FileError) {
        let file = try DurableFile(path: path, through: calls)
        try file.write([UInt8](repeating: 0, count: 10))
        try file.write(Array(new.dropFirst(10)))
        try file.rewind()
        try file.write(Array(new.prefix(10)))
        try file.commit()
    }

    private func isUncertain(_ error: FileError?) -> Bool {
        if case .durabilityUncertain = error { true } else { false }
    }

    @Test("A device that writes zero bytes is an error")
    func nothingWritten() throws {
        let folder = try ScratchFolder()
        var calls = FileSystemCalls.system
        calls.write = { _, _ throws(CallFailure) in 0 }
        let error = FileError.notCommitted(path: folder.file("f"), operation: .write, errorNumber: EIO)
        #expect(throws: error) { try DurableFile.write(new, to: folder.file("f"), through: calls) }
        #expect(try folder.names().isEmpty)
    }

    @Test("A file system that cannot synchronise folders is not an error")
    func noFolderSynchronisation() throws {
        let folder = try ScratchFolder()
        // Calls: open and stat the folder; check folder and name; create, write, fsync, close; check again; rename, fsync of the folder.
        let injector = FaultInjector(failingCall: 12, .error(EINVAL))
        try DurableFile.write([1, 2], to: folder.file("f"), through: injector.calls)
        #expect(injector.hasFired)
        let other = FaultInjector(failingCall: 12, .error(EIO))
        let uncertain = FileError.durabilityUncertain(
            path: folder.file("f"), operation: .synchronizeFolder, errorNumber: EIO)
        #expect(throws: uncertain) { try DurableFile.write([3], to: folder.file("f"), through: other.calls) }
        #expect(try folder.read("f") == [3])
    }

    @Test("Small files are written and replaced")
    func smallFiles() throws {
        let folder = try ScratchFolder()
        try DurableFile.write("a = 1\n", to: folder.file("config.toml"))
        try DurableFile.write("é", to: folder.file("config.toml"))
        #expect(try folder.read("config.toml") == [0xc3, 0xa9])
        try DurableFile.write([], to: folder.file("empty"))
        #expect(try folder.read("empty").isEmpty)
    }

    @Test(
        "A file that replaces another one has its permissions from the first byte on, and its owner can read it",
        arguments: [0o600, 0o640, 0o444, 0o777, 0o000, 0o044] as [mode_t])
    func permissions(mode: mode_t) throws {
        let folder = try ScratchFolder()
        let path = try folder.write(old, to: "f")
        #expect(chmod(path, mode) == 0)
        let mode = mode & S_IRUSR == 0 ? mode | 0o600 : mode
        let file = try DurableFile(path: path)
        for name in try folder.names() where name != "f" { #expect(try permissions(of: folder.file(name)) == mode) }
        try file.write(new)
        try file.commit()
        #expect(try permissions(of: path) == mode && folder.read("f") == new)
    }

    private func permissions(of path: String) throws -> mode_t {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return status.st_mode & 0o777
    }

    @Test("A file that is not committed leaves nothing")
    func uncommitted() throws {
        let folder = try ScratchFolder()
        let path = try folder.write(old, to: "f")
        do {
            let file = try DurableFile(path: path)
            try file.write(new)
            #expect(try folder.names().count == 2)
        }
        #expect(try folder.names() == ["f"])
        #expect(try folder.read("f") == old)
    }

    @Test("Only the temporary files of interrupted writes are removed")
    func temporaries() throws {
        let folder = try ScratchFolder()
        let broken = FaultInjector(failingCall: 6, .error(EIO), staysBroken: true)
        #expect(throws: FileError.self) { try DurableFile.write(new, to: folder.file("f"), through: broken.calls) }
        for name in [".hidden", "a.partial"] { try folder.write(old, to: name) }
        #expect(try folder.names().count == 3)
        #expect(try DurableFile.removeTemporaries(in: HeldFolder(path: folder.path)).count == 1)
        #expect(try folder.names() == [".hidden", "a.partial"])
    }

    @Test("The error for a missing folder contains path and cause")
    func missingFolder() throws {
        let path = try ScratchFolder().file("none/f")
        let error = FileError.notCommitted(path: path, operation: .openFolder, errorNumber: ENOENT)
        #expect(throws: error) { try DurableFile.write([1], to: path) }
    }
}
