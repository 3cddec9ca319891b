import Files
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("A file to which lines are appended")
struct AppendedLinesTests {
    private let folder: ScratchFolder
    private var path: String { folder.file("log") }

    init() throws { folder = try ScratchFolder() }

    private func text() throws -> String { String(decoding: try folder.read("log"), as: UTF8.self) }

    private func append(_ line: String, through calls: FileSystemCalls = .system) throws {
        var lines = try AppendedLines(path: path, through: calls)
        try lines.append(line)
    }

    @Test("After a failed append the line is not in the file, and it can be appended again")
    func again() throws {
        let full = Mutex<[Bool]>([false, true, true, false, true, false])
        var calls = FileSystemCalls.system
        calls.write = { descriptor, bytes throws(CallFailure) in
            // A write writes half, the next reports a full disk, and so on.
            if full.withLock({ $0.isEmpty ? false : $0.removeFirst() }) { throw CallFailure(errorNumber: ENOSPC) }
            let count = full.withLock { $0.isEmpty } ? bytes.count : bytes.count / 2
            return try FileSystemCalls.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
        }
        var lines = try AppendedLines(path: path, through: calls)
        for line in ["one", "two", "three"] {
            while (try? lines.append(line)) == nil {}
        }
        #expect(try text() == "one\ntwo\nthree\n" && full.withLock { $0.isEmpty })
    }

    @Test("The rest of a failed line does not follow a shorter line")
    func otherLine() throws {
        let isFull = Mutex(false)
        var calls = FileSystemCalls.system
        calls.write = { descriptor, bytes throws(CallFailure) in
            if isFull.withLock({ $0 }) { throw CallFailure(errorNumber: ENOSPC) }
            isFull.withLock { $0 = bytes.count > 10 }
            return try FileSystemCalls.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(8)))
        }
        var lines = try AppendedLines(path: path, through: calls)
        #expect((try? lines.append("a line that is long")) == nil)
        isFull.withLock { $0 = false }
        try lines.append("x")
        #expect(try text() == "x\n")
    }

    @Test("The file is created, and a later process appends to it")
    func appended() throws {
        for line in ["one", "twö"] {
            var lines = try AppendedLines(path: path)
            try lines.append(line)
            try lines.append("")
        }
        #expect(try text() == "one\n\ntwö\n\n")
    }

    @Test(
        "An incomplete last line of any length is removed",
        arguments: [0, 1, 3, 4095, 4096, 4097, 10_000], [0, 1, 5, 4096, 9000])
    func halfLine(whole: Int, half: Int) throws {
        let kept = whole == 0 ? "" : String(repeating: "a", count: whole - 1) + "\n"
        try folder.write(Array((kept + String(repeating: "b", count: half)).utf8), to: "log")
        try append("c")
        #expect(try text() == kept + "c\n")
    }

    @Test("A file that another process empties or extends in place is continued at its end")
    func changedInPlace() throws {
        var lines = try AppendedLines(path: path)
        try lines.append("one")
        try lines.append("two")
        #expect(truncate(path, 0) == 0)
        try lines.append("three")
        #expect(try text() == "three\n" && lines.replacementCount == 1)
        try folder.write(folder.read("log") + Array("four\nfi".utf8), to: "log")
        try lines.append("six")
        #expect(try text() == "three\nfour\nsix\n" && lines.replacementCount == 2)
    }

    @Test("A line takes one write call, and further calls after a partial write")
    func writes() throws {
        let written = Mutex<[Int]>([])
        var calls = FileSystemCalls.system
        calls.write = { descriptor, bytes throws(CallFailure) in
            written.withLock { $0.append(bytes.count) }
            return try FileSystemCalls.system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(600)))
        }
        var lines = try AppendedLines(path: path, through: calls)
        let long = String(repeating: "x", count: 700)
        try lines.append("short")
        try lines.append(long)
        #expect(written.withLock { $0 } == [6, 701, 101])
        #expect(try text() == "short\n\(long)\n")
    }

    @Test("After any failing call the error is thrown and the complete lines remain")
    func everyCall() throws {
        for call in 1...100 {
            try folder.write(Array("one\ntw".utf8), to: "log")
            let injector = FaultInjector(failingCall: call, .error(ENOSPC))
            let result = Result { try append("three", through: injector.calls) }
            #expect(try text().hasPrefix("one\n"))
            if !injector.hasFired {
                try result.get()
                return #expect(
                    call == 17,
                    "folder: open, look; look, look, open, look, seek, read, read, read, truncate; look, look, write; close, close"
                )
            }
            // The last calls close the file in `deinit`, where errors cannot be thrown.
            guard call < 15 else { continue }
            let error = #expect(throws: FileError.self) { try result.get() }
            if case .failed(_, _, ENOSPC)? = error {} else { Issue.record("call \(call): \(String(describing: error))") }
        }
        Issue.record("a line takes more than 100 calls")
    }

    @Test("A call that a signal interrupts is repeated")
    func interrupted() throws {
        for call in 1...13 {
            try folder.write(Array("one\ntw".utf8), to: "log")
            let injector = FaultInjector(failingCall: call, .error(EINTR))
            try append("three", through: injector.calls)
            #expect(try injector.hasFired && text() == "one\nthree\n")
        }
    }
}
