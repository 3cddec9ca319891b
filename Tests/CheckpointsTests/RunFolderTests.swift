import Checkpoints
import Failures
import Files
import Foundation
import TestSupport
import Testing

@Suite("A run folder and its lock", .timeLimit(.minutes(1)))
struct RunFolderTests {
    private let scratch: ScratchFolder
    private let run: RunFolder

    init() throws {
        scratch = try ScratchFolder()
        run = RunFolder(path: scratch.file("runs/first"))
    }

    private func holder(ofRunAt folder: RunFolder) -> RunLock.Holder? {
        do throws(RunFolderError) {
            try folder.reopen().release()
            return nil
        } catch {
            guard case .held(folder.path, let holder) = error else { return nil }
            #expect(error.exitStatus == .usage)
            return holder
        }
    }

    @Test("A fresh folder is made with those above and inside it")
    func fresh() throws {
        let lock = try run.create()
        #expect(lock.isEnforced)
        #expect(try scratch.names() == ["runs", "runs/first", "runs/first/checkpoints", "runs/first/data", "runs/first/lock"])
        #expect(run.configurationPath == scratch.file("runs/first/config.toml"))
        #expect(run.vocabularyPath == scratch.file("runs/first/vocabulary.json"))
        #expect(run.metricsPath == scratch.file("runs/first/metrics.jsonl"))
    }

    @Test("What an interrupted start left is no run", arguments: ["runs/first", "runs/first/"])
    func interruptedStart(path: String) throws {
        let run = RunFolder(path: scratch.file(path))
        try run.create().release()
        _ = try scratch.write([1], to: "runs/first/.config.toml.1-2.partial")
        _ = try scratch.write([1], to: "runs/first/data/.train.tokens.1-2.partial")
        try run.create().release()
        #expect(try scratch.names().filter { $0.hasSuffix(".partial") }.isEmpty)
        #expect(throws: RunFolderError.noRun(path: run.path)) { try run.reopen() }
        #expect(throws: RunFolderError.noRun(path: "/none/there")) { try RunFolder(path: "/none/there").reopen() }
    }

    @Test(
        "A folder that holds a run is not taken for a fresh one", arguments: ["config.toml", "metrics.jsonl", "best.safetensors"])
    func holdsRun(name: String) throws {
        try run.create().release()
        _ = try scratch.write([], to: "runs/first/\(name)")
        #expect(throws: RunFolderError.holdsRun(path: run.path)) { try run.create() }
        #expect(RunFolderError.holdsRun(path: run.path).exitStatus == .usage)
        try run.reopen().release()
    }

    @Test("A checkpoint alone is a run")
    func checkpointIsRun() throws {
        try run.create().release()
        try run.checkpoints.writeSmall(1, step: 3)
        #expect(throws: RunFolderError.holdsRun(path: run.path)) { try run.create() }
    }

    @Test("A file in the way is an error of the file system")
    func fileInTheWay() throws {
        _ = try scratch.write([], to: "file")
        #expect(
            throws: RunFolderError.file(.failed(path: scratch.file("file"), operation: "make the folder", errorNumber: EEXIST))
        ) {
            try RunFolder(path: scratch.file("file/run")).create()
        }
    }

    @Test("A second job is refused and told who holds the run; after a release it is let in")
    func locked() throws {
        let lock = try run.create()
        try DurableFile.write("", to: run.configurationPath)
        let found = try #require(holder(ofRunAt: run))
        #expect(found.processID == getpid() && found.host == ProcessInfo.processInfo.hostName)
        let age = Date().timeIntervalSince(try Date(found.started, strategy: .iso8601))
        #expect(age > -2 && age < 60)
        #expect(throws: RunFolderError.held(path: run.path, holder: found)) { try run.create() }
        lock.release()
        lock.release()
        #expect(holder(ofRunAt: run) == nil)
        #expect(try scratch.read("runs/first/lock").isEmpty)
    }

    @Test("A lock that is let go of is released")
    func released() throws {
        do { _ = try run.create() }
        do { _ = try run.create() }
    }
}
