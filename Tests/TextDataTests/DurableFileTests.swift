import Foundation
import Synchronization
import TextData
import Testing

/// System calls of which the one numbered `failing` fails; all of them are counted.
private final class CallScript: Sendable {
    private let count = Mutex(0)
    let failing: Int
    let code: Int32

    init(failing: Int, code: Int32) {
        (self.failing, self.code) = (failing, code)
    }

    var total: Int { count.withLock { $0 } }

    /// Whether this call is the one to fail; then errno is set.
    func fails() -> Bool {
        let number = count.withLock { count in
            defer { count += 1 }
            return count
        }
        guard number == failing else { return false }
        errno = code
        return true
    }

    func calls() -> FileCalls {
        let system = FileCalls()
        var calls = FileCalls()
        calls.open = { self.fails() ? -1 : system.open($0, $1) }
        calls.write = { self.fails() ? -1 : system.write($0, $1, $2) }
        calls.seek = { self.fails() ? -1 : system.seek($0, $1) }
        calls.synchronize = { self.fails() ? -1 : system.synchronize($0) }
        calls.close = { descriptor in
            let isFailing = self.fails()
            let code = errno
            let result = system.close(descriptor)
            guard isFailing else { return result }
            errno = code
            return -1
        }
        calls.rename = { self.fails() ? -1 : system.rename($0, $1) }
        return calls
    }
}

@Suite struct DurableFileTests {
    private let tokens = (0..<300_000).map { Int32($0 % 300) }

    private func callCount() throws -> Int {
        let folder = try TemporaryFolder()
        let script = CallScript(failing: -1, code: 0)
        try writeTokens(tokens, path: folder.path("t"), vocabularySize: 300, calls: script.calls())
        return script.total
    }

    @Test("whichever call fails, the error names file and reason, and the old file or the new one is there, whole")
    func everyCallFails() throws {
        let total = try callCount()
        #expect(total > 10)
        for failing in 0..<total {
            let folder = try TemporaryFolder()
            let path = folder.path("t")
            try writeTokens([1, 2, 3], path: path, vocabularySize: 300)
            let script = CallScript(failing: failing, code: ENOSPC)
            let error = textDataError {
                try writeTokens(tokens, path: path, vocabularySize: 300, calls: script.calls())
            }
            // The last close, of the folder, cannot lose anything.
            if failing < total - 1 {
                #expect(error?.exitStatus == .inputOutput, "call \(failing)")
                #expect(error?.description.contains("No space left on device") == true)
                #expect(error?.description.contains(folder.path) == true)
            }
            #expect(try folder.names() == ["t"], "call \(failing)")
            let file = try TokenFile(path: path)
            try file.verify()
            #expect(file.count == 3 || file.count == tokens.count)
        }
    }

    @Test("a call that a signal interrupts is made again")
    func interruptions() throws {
        for failing in 0..<(try callCount()) {
            let folder = try TemporaryFolder()
            let script = CallScript(failing: failing, code: EINTR)
            try writeTokens(tokens, path: folder.path("t"), vocabularySize: 300, calls: script.calls())
            try TokenFile(path: folder.path("t")).verify()
        }
    }

    @Test("short writes are gone on with")
    func shortWrites() throws {
        let folder = try TemporaryFolder()
        var calls = FileCalls()
        let write = calls.write
        calls.write = { write($0, $1, min($2, 1000)) }
        try writeTokens(tokens, path: folder.path("t"), vocabularySize: 300, calls: calls)
        let file = try TokenFile(path: folder.path("t"))
        try file.verify()
        #expect(file.count == tokens.count)
    }

    @Test("a device that takes nothing is an error and no endless loop")
    func nothingWritten() throws {
        let folder = try TemporaryFolder()
        var calls = FileCalls()
        calls.write = { _, _, _ in 0 }
        let error = textDataError { try writeTokens(tokens, path: folder.path("t"), vocabularySize: 300, calls: calls) }
        #expect(error == .inputOutput(path: folder.path("t"), operation: "writing", code: EIO))
        #expect(try folder.names().isEmpty)
    }

    @Test("a folder that is not there is an error with the path")
    func noFolder() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("none/t")
        #expect(
            textDataError { try writeTokens([1], path: path, vocabularySize: 300) }
                == .inputOutput(path: path, operation: "creating the file", code: ENOENT))
    }
}
