import Checkpoints
import Failures
import Files
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Checkpoints written in the background", .timeLimit(.minutes(Sanitizers.minutes(5))))
struct BackgroundWriterTests {
    private let failure = FileError.notCommitted(path: "p", operation: .write, errorNumber: ENOSPC)

    /// Events in order, from any thread.
    private final class Journal: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    @Test("Jobs run in order on one thread other than the caller's")
    func order() throws {
        let (writer, journal) = (BackgroundWriter(), Journal())
        let threads = Journal()
        for job in 0..<100 {
            try writer.submit { () throws(FileError) in
                journal.add("\(job)")
                threads.add("\(pthread_self())")
            }
        }
        try writer.finish()
        #expect(journal.all == (0..<100).map(String.init))
        #expect(Set(threads.all).count == 1 && threads.all[0] != "\(pthread_self())")
    }

    @Test("Without a thread, the caller runs the jobs, and the next submission throws their errors")
    func withoutThread() throws {
        let (writer, journal) = (BackgroundWriter(create: { _, _, _, _ in EAGAIN }), Journal())
        #expect(writer.lackOfThread == "Resource temporarily unavailable")
        let failure = failure
        try writer.submit { () throws(FileError) in
            journal.add("\(pthread_self())")
            throw failure
        }
        #expect(journal.all == ["\(pthread_self())"] && writer.isIdle)
        #expect(throws: failure) { try writer.finish() }
        try writer.finish()
    }

    @Test("The caller continues while a job runs, and the next submission waits for the job")
    func waits() throws {
        let (writer, journal, gate) = (BackgroundWriter(), Journal(), DispatchSemaphore(value: 0))
        try writer.submit { () throws(FileError) in
            gate.wait()
            Thread.sleep(forTimeInterval: 0.05)
            journal.add("first")
        }
        #expect(!writer.isIdle)
        journal.add("trainer")
        gate.signal()
        try writer.submit { () throws(FileError) in journal.add("second") }
        #expect(journal.all.starts(with: ["trainer", "first"]))
        try writer.finish()
        #expect(writer.isIdle)
        #expect(journal.all == ["trainer", "first", "second"])
    }

    @Test("The copy is written unchanged while the originals change")
    func snapshot() throws {
        let (scratch, writer, gate) = (try ScratchFolder(), BackgroundWriter(), DispatchSemaphore(value: 0))
        let folder = CheckpointFolder(runFolder: scratch.path)
        let arrays = Arrays()
        let weights = arrays.add("weight", [3], [Float](repeating: 0, count: 3))
        arrays.add("empty", [0], [Int64]())
        arrays.add("odd", [5], [UInt8](repeating: 4, count: 5))
        for step in 1...5 {
            weights.update(repeating: Float(step))
            try arrays.withCheckpoint(["step": "\(step)"]) { original in
                try writer.submit(copying: original) { copy throws(FileError) in
                    gate.wait()
                    try folder.write(copy, step: step)
                }
            }
            weights.update(repeating: -1)
            gate.signal()
        }
        try writer.finish()
        for step in 1...5 {
            let reader = try SafetensorsReader(path: folder.path(forStep: step))
            #expect(try reader.elements(of: "weight") == [Float](repeating: Float(step), count: 3))
            #expect(try reader.elements(of: "odd") == [UInt8](repeating: 4, count: 5))
            #expect(reader.metadata == ["step": "\(step)"])
        }
    }

    @Test(
        "Without memory for the copy, the submission throws with status 70, and the next one is accepted",
        .disabled(if: Sanitizers.areOn, "The address sanitizer ends the process at such a request."))
    func noMemory() throws {
        let (scratch, writer) = (try ScratchFolder(), BackgroundWriter())
        let folder = CheckpointFolder(runFolder: scratch.path)
        let refusal = MemoryError(purpose: "the copy of a checkpoint", byteCount: 1 << 60)
        var value: Float = 1
        withUnsafePointer(to: &value) { start in
            let huge = NamedArray(name: "huge", shape: [1 << 58], elements: UnsafeBufferPointer(start: start, count: 1 << 58))
            #expect(throws: refusal) { try writer.submit(copying: Checkpoint(arrays: [huge])) { _ in } }
        }
        #expect(refusal.exitStatus == .fault)
        #expect("\(refusal)".hasPrefix("too little memory for the copy of a checkpoint: the system refuses "))
        try Arrays.small(3).withCheckpoint { small in
            try writer.submit(copying: small) { copy throws(FileError) in try folder.write(copy, step: 1) }
        }
        try writer.finish()
        #expect(try smallValue(folder.path(forStep: 1)) == 3)
    }

    @Test("The next submission throws an error once and does not accept its job")
    func errorAtSubmit() throws {
        let (writer, journal, failure) = (BackgroundWriter(), Journal(), failure)
        try writer.submit { () throws(FileError) in throw failure }
        #expect(throws: failure) { try writer.submit { () throws(FileError) in journal.add("lost") } }
        try writer.submit { () throws(FileError) in journal.add("taken") }
        try writer.finish()
        #expect(journal.all == ["taken"])
    }

    @Test("finish throws an error once")
    func errorAtFinish() throws {
        let (writer, failure) = (BackgroundWriter(), failure)
        try Arrays.small(1).withCheckpoint { original in
            try writer.submit(copying: original) { _ throws(FileError) in throw failure }
        }
        #expect(throws: failure) { try writer.finish() }
        try writer.finish()
    }

    @Test("An accepted job runs although the writer was released")
    func abandoned() throws {
        let done = DispatchSemaphore(value: 0)
        try BackgroundWriter().submit { () throws(FileError) in done.signal() }
        #expect(done.wait(timeout: .now() + 10) == .success)
    }
}
