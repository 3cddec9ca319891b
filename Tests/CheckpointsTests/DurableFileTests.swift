import Checkpoints
import Failures
import Foundation
import Testing

@Suite("Whatever call fails, the old file or the new one is there")
struct DurableFileTests {
    private static let faults: [FaultInjector.Fault] = [
        .error(ENOSPC), .error(EIO), .error(EINTR), .error(EDQUOT), .shortWrite, .emptyWrite,
    ]

    @Test("For every call that can fail: old or new, as the error says, and no temporary is left")
    func everyCall() throws {
        for fault in Self.faults {
            let count = try failEachCall {
                FaultInjector(failingCall: $0, fault)
            } check: { folder, value, error in
                #expect(value == (error == nil || isUncertain(error) ? 2 : 1), "\(String(describing: error))")
                let names = try folder.names()
                #expect(names == ["f"])
            }
            #expect(count >= 9, "open, open, three writes, fsync, close, rename, fsync, close")
        }
    }

    @Test("From every call on nothing works any more, as when the machine dies: old or new")
    func everyCallOnwards() throws {
        try failEachCall {
            FaultInjector(failingCall: $0, .error(EIO), staysBroken: true)
        } check: { _, value, error in
            #expect(value == (isUncertain(error) ? 2 : 1))
        }
    }

    @Test("An interrupted call is repeated, but not a rename, of which one cannot know")
    func interrupted() throws {
        var failed = 0
        try failEachCall {
            FaultInjector(failingCall: $0, .error(EINTR))
        } check: { _, _, error in
            guard let error else { return }
            failed += 1
            guard case .notCommitted(_, "rename the temporary file", EINTR) = error else {
                Issue.record(error)
                return
            }
        }
        #expect(failed == 1)
    }

    @Test("A short write is gone on with, and the file is whole")
    func shortWrites() throws {
        try failEachCall {
            FaultInjector(failingCall: $0, .shortWrite)
        } check: { _, value, error in
            #expect(value == 2 && error == nil)
        }
    }

    /// Writes 2 over 1 with each call failing in turn, until a write goes through that needs fewer calls; returns their number.
    @discardableResult
    private func failEachCall(
        _ injector: (Int) -> FaultInjector, check: (ScratchFolder, Float, FileError?) throws -> Void
    ) throws -> Int {
        for call in 1...100 {
            let folder = try ScratchFolder()
            let (injector, path) = (injector(call), folder.file("f"))
            try Arrays.small(1).write(to: path)
            let error = failure { () throws(FileError) in
                try Arrays.small(2).write(to: path, through: injector.calls)
            }
            if !injector.hasFired { return call - 1 }
            try check(folder, smallValue(path), error)
        }
        Issue.record("a write takes more than 100 calls")
        return 0
    }

    private func failure(_ body: () throws(FileError) -> Void) -> FileError? {
        do throws(FileError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private func isUncertain(_ error: FileError?) -> Bool {
        if case .durabilityUncertain = error { true } else { false }
    }

    @Test("A file system that cannot synchronise folders is no failure")
    func noFolderSynchronisation() throws {
        let folder = try ScratchFolder()
        // Calls: open the folder, create, write, fsync, close, rename, fsync of the folder.
        let injector = FaultInjector(failingCall: 7, .error(EINVAL))
        try DurableFile.write([1, 2], to: folder.file("f"), through: injector.calls)
        #expect(injector.hasFired)
        let other = FaultInjector(failingCall: 7, .error(EIO))
        let uncertain = FileError.durabilityUncertain(
            path: folder.file("f"), operation: "synchronise the folder", errorNumber: EIO)
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

    @Test("A missing folder is an error that names path, cause and remedy")
    func missingFolder() throws {
        let folder = try ScratchFolder()
        let path = folder.file("none/f")
        let error = FileError.notCommitted(path: path, operation: "open the folder", errorNumber: ENOENT)
        #expect(throws: error) { try DurableFile.write([1], to: path) }
        #expect(error.exitStatus == .inputOutput)
        let full = FileError.notCommitted(path: "/a/b", operation: "write", errorNumber: ENOSPC)
        let text =
            "/a/b was not written, and what was there before is untouched: cannot write: No space left on device. "
            + "Free space there, or choose a folder on another disk."
        #expect(full.description == text)
    }
}
