import Checkpoints
import Files
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Two jobs and one folder", .timeLimit(.minutes(Sanitizers.minutes(5))))
struct RunLockTests {
    private let scratch: ScratchFolder
    private let path: String
    private let far = RunLock.Holder(host: "far", processID: 77, started: "2025-01-02T03:04:05Z", boot: "another", birth: 5)

    init() throws {
        scratch = try ScratchFolder()
        path = scratch.file("lock")
    }

    /// The error that `RunLock` throws for this path.
    private func refusal(breaking: Bool = false) -> RunFolderError? {
        do throws(RunFolderError) {
            try RunLock(path: path, breaking: breaking).release()
            return nil
        } catch {
            return error
        }
    }

    private func leave(_ holder: RunLock.Holder) throws { try DurableFile.write(holder.text, to: path) }

    /// This process as a holder, with some values replaced.
    private func holder(host: String? = nil, boot: String?? = nil, birth: UInt64? = nil) -> RunLock.Holder {
        let current = RunLock.Holder.current
        return RunLock.Holder(
            host: host ?? current.host, processID: current.processID, started: current.started, boot: boot ?? current.boot,
            birth: birth ?? current.birth)
    }

    @Test("The content of the lock's file is parsed, and incomplete content is rejected")
    func text() {
        let current = RunLock.Holder.current
        #expect(current.boot?.count == 36 && (current.birth ?? 0) > 0)
        for holder in [current, far, RunLock.Holder(host: "h", processID: 1, started: "s")] {
            #expect(RunLock.Holder(text: holder.text) == holder)
            #expect(RunLock.Holder(text: holder.text + "process 7\nbirth 7\nend\n") == holder)
            for count in 0..<holder.text.utf8.count {
                #expect(RunLock.Holder(text: String(holder.text.utf8.prefix(count)) ?? "") == nil)
            }
        }
    }

    @Test("A released lock is free, also while a process that is being started has copies of its open files")
    func inheritedFiles() throws {
        let lock = try RunLock(path: path)
        let copies = try openFiles(under: scratch.path).map { dup($0) }
        defer { copies.forEach { close($0) } }
        try #require(copies.count >= 2)
        lock.release()
        #expect(refusal() == nil)
    }

    /// The numbers of this process's open files in a folder, the folder itself among them.
    private func openFiles(under folder: String) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init).filter {
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            return target?.hasPrefix(folder) == true
        }
    }

    @Test("The lock of another process is respected until that process is killed, and then taken over")
    func otherProcess() throws {
        let holder = holder(birth: 1)
        try leave(holder)
        let child = try processHolding(path)
        defer { child.send(SIGKILL) }
        #expect(refusal() == .held(path: scratch.path, holder: holder))
        #expect(refusal(breaking: true) == .held(path: scratch.path, holder: holder))
        #expect(try RunLock.state(path: path) == .held(holder))
        child.send(SIGKILL)
        #expect(child.waitForEnd(seconds: 10) == SIGKILL)
        #expect(try RunLock.state(path: path) == .left(holder))
        let lock = try RunLock(path: path)
        #expect(lock.takenOverFrom == holder && lock.isEnforced)
        #expect(try RunLock.state(path: path) == .held(.current))
        lock.release()
        #expect(try RunLock.state(path: path) == .free && RunLock(path: path).takenOverFrom == nil)
    }

    @Test("The error contains host, process and time")
    func message() {
        let text =
            "r is in use by process 77 on far, since 2025-01-02T03:04:05Z. "
            + "Wait until that job ends, stop it, or choose another folder with --run."
        #expect(RunFolderError.held(path: "r", holder: far).description == text)
        let other = RunFolderError.left(path: "r", holder: far)
        #expect(
            other.description.contains("by process 77 on far, since 2025-01-02T03:04:05Z, and this machine cannot tell whether"))
        #expect(other.description.contains("--break-lock") && other.exitStatus == .usage)
    }

    @Test("The lock of a dead job of this machine is taken over, also after a reboot")
    func leftHere() throws {
        for holder in [holder(), holder(birth: 1), holder(host: "renamed"), holder(boot: "earlier"), holder(boot: .some(nil))] {
            try leave(holder)
            #expect(try RunLock(path: path).takenOverFrom == holder)
        }
    }

    @Test("The lock of a job of another machine is taken over only on request")
    func leftElsewhere() throws {
        for holder in [far, RunLock.Holder(host: "far", processID: 7, started: "s")] {
            try leave(holder)
            #expect(refusal() == .left(path: scratch.path, holder: holder))
            #expect(try RunLock.state(path: path) == .left(holder))
            #expect(try RunLock(path: path, breaking: true).takenOverFrom == holder)
            #expect(refusal() == nil)
        }
    }

    @Test("On a file system without locks, a reused process id is not mistaken for the holder")
    func reusedProcessID() {
        #expect(RunLock.Holder.current.standing(kernelDecides: false) == .running)
        #expect(holder(birth: 1).standing(kernelDecides: false) == .ended)
        #expect(far.standing(kernelDecides: false) == .unknown)
        #expect(holder(boot: "earlier").standing(kernelDecides: true) == .ended)
        // Two machines may have the same name.
        #expect(holder(boot: "earlier").standing(kernelDecides: false) == .unknown)
    }

    @Test("Of many jobs that start together one gets the lock, and the others learn its holder")
    func race() async {
        for _ in 0..<50 {
            let outcomes = await attempts(breaking: false)
            #expect(outcomes.filter { $0 == nil }.count == 1)
            for case let refusal? in outcomes { #expect(holderName(refusal) == getpid()) }
        }
    }

    @Test("Of many jobs that break a lock together one gets it, although the kernel of another machine still holds it")
    func raceToBreak() async throws {
        for _ in 0..<50 {
            try leave(far)
            let held = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            #expect(takeKernelLock(held))
            #expect(refusal() == .held(path: scratch.path, holder: far))
            let outcomes = await attempts(breaking: true)
            #expect(outcomes.filter { $0 == nil }.count == 1)
            for case let refusal? in outcomes { #expect(holderName(refusal) == getpid()) }
        }
    }

    private func holderName(_ refusal: RunFolderError) -> Int32? {
        if case .held(_, let holder?) = refusal { holder.processID } else { nil }
    }

    /// The results of six jobs that start together. The job that gets the lock keeps it until all have tried.
    private func attempts(breaking: Bool) async -> [RunFolderError?] {
        let locks = Mutex<[RunLock]>([])
        let path = path
        let outcomes = Mutex<[RunFolderError?]>([])
        DispatchQueue.concurrentPerform(iterations: 6) { _ in
            do throws(RunFolderError) {
                let lock = try RunLock(path: path, breaking: breaking)
                locks.withLock { $0.append(lock) }
                outcomes.withLock { $0.append(nil) }
            } catch {
                outcomes.withLock { $0.append(error) }
            }
        }
        return outcomes.withLock { $0 }
    }

    /// A child process that is the only one with the lock: its standard input is the locked file.
    private func processHolding(_ path: String) throws -> ChildProcess {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        #expect(takeKernelLock(file))
        let child = try ChildProcess(URL(fileURLWithPath: "/bin/sleep"), ["50"], environment: [:], input: file)
        try file.close()
        return child
    }

    private func takeKernelLock(_ file: FileHandle) -> Bool {
        var whole = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
        return fcntl(file.fileDescriptor, LockCommand.take, &whole) == 0
    }
}
