import Checkpoints
import Files
import Foundation
import TestSupport
import Testing

@Suite("A checkpoint is replaced atomically")
struct SafetensorsWriterTests {
    @Test("After any failing call the old or the new checkpoint is valid, and no other file remains")
    func everyCall() throws {
        var unheard = 0
        for call in 1...100 {
            let (folder, injector) = (try ScratchFolder(), FaultInjector(failingCall: call, .error(ENOSPC)))
            let path = folder.file("f")
            try Arrays.small(1).write(to: path)
            let error = caughtFileError { () throws(FileError) in try Arrays.small(2).write(to: path, through: injector.calls) }
            if !injector.hasFired {
                return #expect(call > 9 && unheard == 1, "opens, looks, three writes, fsync, close, rename, fsync, close")
            }
            // A failure of the last call, which closes the folder, is not reported.
            let isNew = if case .durabilityUncertain = error { true } else { error == nil }
            if error == nil { unheard += 1 }
            #expect(try smallValue(path) == (isNew ? 2 : 1), "call \(call)")
            #expect(try folder.names() == ["f"], "call \(call)")
        }
        Issue.record("a write takes more than 100 calls")
    }
}
