import Checkpoints
import Files
import Foundation
import TestSupport
import Testing

@Suite("A run's generations of checkpoints")
struct CheckpointFolderTests {
    private let scratch: ScratchFolder
    private let folder: CheckpointFolder

    init() throws {
        scratch = try ScratchFolder()
        folder = CheckpointFolder(runFolder: scratch.path)
    }

    private func write(_ steps: [Int]) throws {
        for step in steps { try folder.writeSmall(Float(step), step: step) }
    }

    private func damage(_ step: Int) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: folder.path(forStep: step)))
        try file.truncate(atOffset: 100)
        try file.close()
    }

    private var steps: [Int] { get throws { try folder.generations().map(\.step) } }

    @Test("Names have at least eight digits, and sort by step")
    func names() throws {
        #expect(folder.path(forStep: 1200) == scratch.file("checkpoints/step-00001200.safetensors"))
        #expect(folder.bestPath == scratch.file("best.safetensors"))
        try write([5, 123_456_789, 99_999_999])
        for name in ["step-7.safetensors", "step-+0000007.safetensors", "step-00000008.safetensors.bak", "notes"] {
            _ = try scratch.write([1], to: "checkpoints/\(name)")
        }
        #expect(try steps == [123_456_789, 99_999_999, 5])
    }

    @Test("The newest checkpoint that passes verification is loaded, and the rejected ones are reported with reasons")
    func newestValid() throws {
        try write([10, 20, 30])
        #expect(try folder.newestValid().generation.step == 30)
        try damage(30)
        try damage(20)
        let newest = try folder.newestValid()
        #expect(newest.generation.step == 10)
        #expect(try newest.contents.elements(of: "weight", as: Float.self)[0] == 10)
        #expect(newest.passedOver.map(\.generation.step) == [30, 20])
        let reason = try #require(newest.passedOver.first).reason
        guard case .damaged(folder.path(forStep: 30), .tooShort(byteCount: 100, _))? = reason as? CheckpointError else {
            throw reason
        }
    }

    @Test("A checkpoint whose step differs from its name is rejected and does not affect pruning")
    func misnamed() throws {
        try write([10, 20])
        try Arrays.small(9).write(to: folder.path(forStep: 99), ["state": #"{"step":9}"#])
        let newest = try folder.newestValid()
        #expect(newest.generation.step == 20)
        let damage = CheckpointDamage.otherStep(found: 9, named: 99)
        #expect(newest.passedOver.map { $0.reason as? CheckpointError } == [.damaged(path: folder.path(forStep: 99), damage)])
    }

    @Test("Without a valid checkpoint the error contains every reason; without any checkpoint it says so")
    func noneValid() throws {
        #expect(throws: CheckpointError.noneWritten(folder: folder.path)) { try folder.newestValid() }
        try write([1, 2])
        try damage(1)
        try damage(2)
        do {
            _ = try folder.newestValid()
            Issue.record("a damaged checkpoint was accepted")
        } catch {
            guard case .noneValid(let path, let passedOver) = error else { throw error }
            #expect(path == folder.path && passedOver.map(\.generation.step) == [2, 1])
        }
    }

    @Test("A checkpoint that its reader rejects is skipped with the reader's reason")
    func rejected() throws {
        struct Rejection: Error {}
        try write([10, 20])
        let newest = try folder.newestValid { reader in
            if reader.path == folder.path(forStep: 20) { throw Rejection() }
            return reader.path
        }
        #expect(newest.contents == folder.path(forStep: 10) && newest.passedOver.map(\.generation.step) == [20])
        #expect(newest.passedOver.first?.reason is Rejection)
    }

    @Test("Generations that are not the job's own are neither counted nor removed")
    func pruneOwn() throws {
        try write([1, 2, 3, 4, 5, 6, 98, 99])
        var own = OwnGenerations()
        for step in [1, 2, 4, 6] { own.insert(step, digest: nil) }
        #expect(try folder.prune(keeping: 2, of: own).map(\.step) == [1, 2])
        #expect(try steps == [99, 98, 6, 5, 4, 3])
        own.removeAll(after: 3)
        try folder.removeGenerations(from: 6, of: own)
        #expect(try steps == [99, 98, 6, 5, 4, 3], "the job has returned to an older one")
        own.insert(6, digest: nil)
        try folder.removeGenerations(from: 6, of: own)
        #expect(try steps == [99, 98, 6, 5, 4, 3], "no older generation of the job")
        own.insert(5, digest: nil)
        try folder.removeGenerations(from: 6, of: own)
        #expect(try steps == [99, 98, 5, 4, 3])
    }

    @Test("A file that replaced a generation of the job is not the job's own")
    func replaced() throws {
        func write(_ step: Int, digest: String) throws {
            _ = try Arrays.small(Float(step)).withCheckpoint {
                try folder.write(Checkpoint(arrays: $0.arrays, metadata: ["parameters_digest": digest]), step: step)
            }
        }
        var own = OwnGenerations()
        for step in [1, 2, 3, 4] {
            try write(step, digest: "0\(step)")
            own.insert(step, digest: "0\(step)")
        }
        for step in [3, 4] { try write(step, digest: "ff") }
        let newest = try folder.newestValid(of: own) { $0.path }
        #expect(newest.generation.step == 2 && newest.passedOver.map(\.generation.step) == [4, 3])
        #expect("\(newest.passedOver[0].reason)".contains("another file has replaced it"), "\(newest.passedOver[0].reason)")
        try folder.prune(keeping: 2, of: own)
        #expect(try steps == [4, 3, 2], "the newest sound one stays")
    }

    @Test("A generation that is set aside gets a free name and is none of the run any more")
    func setAside() throws {
        try write([1, 2])
        let generation = try #require(try folder.generations().first)
        #expect(try folder.setAside(generation) == folder.path + "/unused-step-00000002.safetensors")
        try write([2])
        #expect(try folder.setAside(generation) == folder.path + "/unused-step-00000002-2.safetensors")
        #expect(try steps == [1])
    }

    @Test("Pruning keeps the newest, and never fewer than two", arguments: [(-1, 2), (0, 2), (1, 2), (2, 2), (3, 3), (9, 5)])
    func prune(count: Int, kept: Int) throws {
        try write([1, 2, 3, 4, 5])
        let removed = try folder.prune(keeping: count)
        #expect(try steps == [5, 4, 3, 2, 1].prefix(kept).map { $0 })
        #expect(removed.map(\.step) == Array(1..<(6 - kept)))
    }

    @Test("Pruning keeps the newest checkpoint that passes verification, however old")
    func pruneDamaged() throws {
        try write([1, 2, 3, 4, 5])
        for step in [5, 4, 3] { try damage(step) }
        try folder.prune(keeping: 2)
        #expect(try steps == [5, 4, 2])
        #expect(try folder.newestValid().generation.step == 2)
    }

    @Test("A file that cannot be removed is an error, and the newest generations remain")
    func pruneFails() throws {
        try write([1, 2, 3])
        let injector = FaultInjector(failingCall: 8, .error(EACCES))
        let path = folder.path(forStep: 1)
        #expect(throws: FileError.failed(path: path, operation: "remove the file", errorNumber: EACCES)) {
            try CheckpointFolder(runFolder: scratch.path, through: injector.calls).prune(keeping: 2)
        }
        #expect(try steps == [3, 2, 1])
    }

    @Test("Only the files of interrupted writes are removed")
    func staleTemporaries() throws {
        let broken = FaultInjector(failingCall: 9, .error(EIO), staysBroken: true)
        try write([1])
        let other = CheckpointFolder(runFolder: scratch.path, through: broken.calls)
        #expect(throws: FileError.self) { try other.writeSmall(2, step: 2) }
        let best = FaultInjector(failingCall: 6, .error(EIO), staysBroken: true)
        #expect(throws: FileError.self) {
            let other = CheckpointFolder(runFolder: scratch.path, through: best.calls)
            try Arrays.small(2).withCheckpoint { try other.writeBest($0) }
        }
        #expect(try scratch.names().count == 4)
        try RunFile.settle(in: HeldFolder(path: scratch.path))
        #expect(try scratch.names() == ["checkpoints", "checkpoints/step-00000001.safetensors", "data"])
    }

    @Test("After any failing call while the first checkpoint creates its folder, a second attempt succeeds")
    func firstWrite() throws {
        for call in 1...100 {
            let scratch = try ScratchFolder()
            let injector = FaultInjector(failingCall: call, .error(ENOSPC))
            let folder = CheckpointFolder(runFolder: scratch.file("run"), through: injector.calls)
            _ = try? folder.writeSmall(1, step: 1)
            if !injector.hasFired { return }
            try folder.writeSmall(2, step: 1)
            #expect(try smallValue(folder.path(forStep: 1)) == 2)
        }
    }
}
