import Checkpoints
import Files
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("A checkpoint that cannot be written")
final class PersistentWriteTests {
    private let scratch: ScratchFolder
    private let lines = Mutex<[String]>([])

    init() throws {
        scratch = try ScratchFolder()
        let folder = CheckpointFolder(runFolder: scratch.path)
        for step in 1...3 { try folder.writeSmall(Float(step), step: step) }
    }

    /// Writes step 4 with failing calls. Returns the thrown error.
    private func attempt(_ injector: FaultInjector, in path: String? = nil, mayRemove: Bool = true) -> FileError? {
        let folder = CheckpointFolder(runFolder: path ?? scratch.path, through: injector.calls)
        return caughtFileError { () throws(FileError) in
            try folder.persistently(
                mayRemove: mayRemove, pauses: [0, 0.001], report: { line in lines.withLock { $0.append(line) } }
            ) { () throws(FileError) in try folder.writeSmall(4, step: 4) }
        }
    }

    private var steps: [Int] { get throws { try CheckpointFolder(runFolder: scratch.path).generations().map(\.step) } }

    @Test("After one failure, older checkpoints are removed and the second attempt succeeds silently")
    func once() throws {
        var unheard = 0
        for call in 1...100 {
            let injector = FaultInjector(failingCall: call, .error(ENOSPC))
            let other = try PersistentWriteTests()
            #expect(other.attempt(injector) == nil && other.lines.withLock { $0 } == [])
            let path = CheckpointFolder(runFolder: other.scratch.path).path(forStep: 4)
            #expect(try other.steps.first == 4 && smallValue(path) == 4)
            if !injector.hasFired { return #expect(call > 8 && unheard == 2, "a folder that cannot be closed is not reported") }
            if try other.steps.contains(where: { $0 < 3 }) { unheard += 1 }
        }
        Issue.record("a checkpoint takes more than 100 calls")
    }

    @Test("After the last attempt the write fails, with one line of report; the newest valid checkpoint remains")
    func full() throws {
        for call in 1...8 {
            let error = attempt(FaultInjector(failingCall: call, .error(ENOSPC), staysBroken: true))
            #expect(error?.exitStatus == .inputOutput, "\(call)")
            #expect(try steps.contains { $0 >= 3 })
            let path = CheckpointFolder(runFolder: scratch.path).path(forStep: try #require(try steps.first))
            #expect(throws: Never.self) { try SafetensorsReader(path: path) }
        }
        #expect(lines.withLock { $0.count } == 8)
        #expect(lines.withLock { $0[0] }.contains("No space left on device"))
        #expect(lines.withLock { $0[0] }.hasSuffix("tried again for 0 seconds."))
    }

    @Test("A run that may have to return to an older checkpoint loses none of them to a full disk")
    func keepsAll() throws {
        #expect(attempt(FaultInjector(failingCall: 3, .error(ENOSPC), staysBroken: true), mayRemove: false) != nil)
        #expect(try steps == [3, 2, 1])
        #expect(attempt(FaultInjector(failingCall: 3, .error(ENOSPC)), mayRemove: false) == nil)
        #expect(try steps == [4, 3, 2, 1])
    }

    @Test("A permanent failure, and a failure of the first checkpoint, is not retried")
    func hopeless() throws {
        for number in [EROFS, EACCES, EFBIG] {
            #expect(attempt(FaultInjector(failingCall: 3, .error(number), staysBroken: true)) != nil)
        }
        let empty = try ScratchFolder()
        #expect(attempt(FaultInjector(failingCall: 4, .error(ENOSPC), staysBroken: true), in: empty.path) != nil)
        #expect(lines.withLock { $0 } == [])
    }
}
