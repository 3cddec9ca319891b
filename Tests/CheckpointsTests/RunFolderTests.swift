import Checkpoints
import Failures
import Files
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("A run folder and its lock", .timeLimit(.minutes(Sanitizers.minutes(5))))
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

    @Test("A new run folder is created with its parents and inner folders")
    func fresh() throws {
        let lock = try run.create().lock
        #expect(lock.isEnforced)
        #expect(try scratch.names() == ["runs", "runs/first", "runs/first/checkpoints", "runs/first/data", "runs/first/lock"])
        #expect(run.configurationPath == scratch.file("runs/first/config.toml"))
        #expect(run.vocabularyPath == scratch.file("runs/first/vocabulary.json"))
        #expect(run.metricsPath == scratch.file("runs/first/metrics.jsonl"))
    }

    @Test("A reading that is not sound, or that fails, is repeated while a job writes to the folder, and only then")
    func readings() throws {
        /// The number of readings, of which the first one fails and the one with this number is sound.
        func readings(soundAt sound: Int, failsFirst: Bool = false) throws -> Int {
            var count = 0
            return try run.reading(attempts: 4) {
                count += 1
                if count == 1, failsFirst { throw RunFolderError.noRun(path: "first") }
                return count
            } isSound: {
                $0 == sound
            }
        }
        let lock = try run.create().lock
        #expect(try readings(soundAt: 1) == 1 && readings(soundAt: 3) == 3 && readings(soundAt: 9) == 4)
        #expect(try readings(soundAt: 2, failsFirst: true) == 2)
        lock.release()
        #expect(try readings(soundAt: 3) == 1)
        #expect(throws: RunFolderError.noRun(path: "first")) { try readings(soundAt: 2, failsFirst: true) }
    }

    @Test("The remains of an interrupted start are not a run", arguments: ["runs/first", "runs/first/"])
    func interruptedStart(path: String) throws {
        let run = RunFolder(path: scratch.file(path))
        try run.create().lock.release()
        _ = try scratch.write([1], to: "runs/first/.config.toml.1-2.partial")
        _ = try scratch.write([1], to: "runs/first/data/.train.tokens.1-2.partial")
        try run.create().lock.release()
        #expect(try scratch.names().filter { $0.hasSuffix(".partial") }.isEmpty)
        #expect(throws: RunFolderError.noRun(path: run.path)) { try run.reopen() }
        #expect(throws: RunFolderError.noRun(path: "/none/there")) { try RunFolder(path: "/none/there").reopen() }
    }

    @Test("A folder that contains a run is refused for a new run")
    func holdsRun() throws {
        try run.create().lock.release()
        let file = try scratch.write([10, 10], to: "runs/first/config.toml")
        #expect(throws: RunFolderError.holdsRun(path: run.path, file: file)) { try run.create() }
        #expect(throws: RunFolderError.holdsRun(path: run.path, file: file)) { try run.requireFree() }
        #expect(RunFolderError.holdsRun(path: run.path, file: file).exitStatus == .usage)
        try run.reopen().release()
    }

    @Test(
        "The remains of a run that cannot be resumed are refused, without advice to resume",
        arguments: ["metrics.jsonl", "best.safetensors"])
    func holdsRemains(name: String) throws {
        try run.create().lock.release()
        let file = try scratch.write([10, 10], to: "runs/first/\(name)")
        let error = RunFolderError.holdsRemains(path: run.path, file: file)
        #expect(throws: error) { try run.create() }
        #expect(throws: error) { try run.requireFree() }
        #expect(
            error.exitStatus == .usage && !error.description.contains("--resume")
                && error.description.contains("Move the file away"))
    }

    @Test("With a checkpoint of step 0, the remains of a run can be resumed", arguments: ["metrics.jsonl", "best.safetensors"])
    func holdsFirstCheckpoint(name: String) throws {
        try run.create().lock.release()
        try run.checkpoints.writeSmall(1, step: 0)
        let file = try scratch.write([10, 10], to: "runs/first/\(name)")
        #expect(throws: RunFolderError.holdsRun(path: run.path, file: file)) { try run.create() }
        #expect(throws: RunFolderError.holdsRun(path: run.path, file: file)) { try run.requireFree() }
        try run.reopen().release()
    }

    @Test("A checkpoint alone makes a folder a run")
    func checkpointIsRun() throws {
        try run.create().lock.release()
        try run.checkpoints.writeSmall(1, step: 3)
        let file = run.checkpoints.path(forStep: 3)
        #expect(throws: RunFolderError.holdsRun(path: run.path, file: file)) { try run.create() }
    }

    @Test("A file in place of the folder is an error")
    func fileInTheWay() throws {
        _ = try scratch.write([], to: "file")
        #expect(
            throws: RunFolderError.file(.failed(path: scratch.file("file"), operation: "make the folder", errorNumber: EEXIST))
        ) {
            try RunFolder(path: scratch.file("file/run")).create()
        }
    }

    @Test("A second job is refused with the name of the holder, and accepted after a release")
    func locked() throws {
        let lock = try run.create().lock
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

    @Test("deinit releases a lock")
    func released() throws {
        do { _ = try run.create() }
        do { _ = try run.create() }
    }
}

@Suite("A run folder with other files", .timeLimit(.minutes(Sanitizers.minutes(5))))
struct SharedRunFolderTests {
    private let scratch: ScratchFolder
    private let run: RunFolder

    init() throws {
        scratch = try ScratchFolder()
        run = RunFolder(path: scratch.file("runs/first"))
    }

    @Test(
        "A folder with a foreign file under the name of a run's file is refused for a new run",
        arguments: [
            "vocabulary.json", "data/train.tokens", "data/stamps.json", "lock", "config.toml",
            "checkpoints/step-00000007.safetensors",
        ])
    func foreignFile(name: String) throws {
        let file = try scratch.write("mine", to: "runs/first/\(name)")
        let before = try scratch.names()
        let error = #expect(throws: RunFolderError.self) { _ = try run.create() }
        #expect(error?.description.contains(file) == true && error?.exitStatus == .usage)
        // The start verifies the lock when it takes it.
        if name != "lock" { #expect(throws: try #require(error)) { try run.requireFree() } }
        #expect(try scratch.names() == before && scratch.read("runs/first/\(name)") == Array("mine".utf8))
    }

    @Test("Files that a run does not write remain")
    func ownFiles() throws {
        let names = ["note", "data/own.txt", "checkpoints/own.safetensors", ".config.toml.partial", ".own.1-2.partial"]
        for name in names { try scratch.write("mine", to: "runs/first/\(name)") }
        let new = try run.create()
        try DurableFile.write("v", to: new.lock.folder.place("vocabulary.json"))
        new.discard()
        let files = try scratch.names().filter {
            !["runs", "runs/first", "runs/first/data", "runs/first/checkpoints"].contains($0)
        }
        #expect(files == names.map { "runs/first/\($0)" }.sorted())
    }

    @Test("A failed start restores the folder")
    func discarded() throws {
        let new = try run.create()
        for name in ["vocabulary.json", "metrics.jsonl", "config.toml"] {
            try DurableFile.write("v", to: new.lock.folder.place(name))
        }
        try DurableFile.write("t", to: new.lock.folder.madeFolder("data").place("train.tokens"))
        new.discard()
        #expect(try scratch.names() == [])
        try FileManager.default.createDirectory(atPath: scratch.file("runs/first"), withIntermediateDirectories: true)
        try run.create().discard()
        #expect(try scratch.names() == ["runs", "runs/first"])
    }

    @Test("The files of a start are taken over only if its job has died")
    func deadStart() throws {
        let holder = RunLock.Holder.current
        let dead = RunLock.Holder(host: holder.host, processID: 1, started: "s", boot: "earlier", birth: 5)
        try scratch.write(dead.text, to: "runs/first/lock")
        for name in ["vocabulary.json", "data/train.tokens", "metrics.jsonl", "checkpoints/step-00000000.safetensors"] {
            try scratch.write("{}\n", to: "runs/first/\(name)")
        }
        try scratch.write("mine", to: "runs/first/note")
        try run.requireFree()
        let lock = try run.create().lock
        #expect(lock.takenOverFrom == dead)
        #expect(
            try scratch.names().filter { $0.hasPrefix("runs/first/") }.map { $0.dropFirst(11) } == [
                "checkpoints", "data", "lock", "note",
            ])
    }

    @Test("After the lock's file is removed, no second job of this machine can start, and the first cannot write")
    func removedLock() throws {
        let lock = try run.create().lock
        let checkpoints = CheckpointFolder(lockedBy: lock)
        try checkpoints.writeSmall(1, step: 1)
        try FileManager.default.removeItem(atPath: run.lockPath)
        #expect(throws: RunFolderError.held(path: run.path, holder: nil)) { try run.reopen() }
        #expect(throws: FileError.pinnedFileGone(path: run.lockPath)) { try checkpoints.writeSmall(2, step: 2) }
        #expect(throws: FileError.pinnedFileGone(path: run.lockPath)) { try checkpoints.generations() }
        lock.release()
        try run.reopen().release()
        #expect(try run.checkpoints.generations().map(\.step) == [1])
    }

    @Test("A run without a checkpoint can be resumed only if the folder has a lock")
    func noLock() throws {
        let file = try scratch.write("epochs = 1\n", to: "runs/first/config.toml")
        #expect(throws: RunFolderError.onlyConfiguration(path: run.path, file: file)) { try run.reopen() }
        #expect(try scratch.names() == ["runs", "runs/first", "runs/first/config.toml"])
        try scratch.write("", to: "runs/first/lock")
        try run.reopen().release()
    }

    @Test("A folder that others remove while it is created, with its parent, is created again")
    func removedMeanwhile() throws {
        let (parent, folder) = (scratch.file("runs"), scratch.file("runs/first"))
        // The number of the attempt; 0 at the end.
        let attempt = Atomic(1)
        DispatchQueue.concurrentPerform(iterations: 2) { number in
            guard number == 0 else { return removeThrice(folder, parent, during: attempt) }
            for next in 2...200 {
                do throws(RunFolderError) { try run.create().discard() } catch { Issue.record(error) }
                attempt.store(next, ordering: .relaxed)
            }
            attempt.store(0, ordering: .relaxed)
        }
    }

    /// Removes an empty folder, and its parent, up to three times in each attempt.
    private func removeThrice(_ folder: String, _ parent: String, during attempt: borrowing Atomic<Int>) {
        var (last, removals) = (0, 0)
        while true {
            let now = attempt.load(ordering: .relaxed)
            if now == 0 { return }
            if now != last { (last, removals) = (now, 0) }
            guard removals < 3, rmdir(folder) == 0 else { continue }
            rmdir(parent)
            removals += 1
        }
    }

    @Test("Jobs that start and abort together do not fail because of each other's folders")
    func race() throws {
        DispatchQueue.concurrentPerform(iterations: 6) { _ in
            for _ in 0..<20 {
                do throws(RunFolderError) {
                    try run.create().discard()
                } catch {
                    if case .held = error { continue }
                    Issue.record(error)
                }
            }
        }
        // A folder that one job created may have been in use by another when the first aborted.
        #expect(try ["runs", "runs/first"].starts(with: scratch.names()))
    }
}
