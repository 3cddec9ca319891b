import Files
import FoundationEssentials
import Glibc
import Synchronization

/// The right to write into a run folder, which one job has at a time.
///
/// The kernel's lock on the file counts, not the file: it ends with its process however that ends, so what a dead job
/// left is simply taken over. The file stays, empty, after a release: removing it could part two jobs that open it.
public final class RunLock: Sendable {
    /// The job that the lock's file names.
    public struct Holder: Sendable, Equatable, CustomStringConvertible {
        /// The name of its machine.
        public let host: String
        /// Its process id there.
        public let processID: Int32
        /// When it took the lock, ISO 8601 in UTC.
        public let started: String

        /// A holder with these values.
        public init(host: String, processID: Int32, started: String) {
            self.host = host
            self.processID = processID
            self.started = started
        }

        public var description: String { "process \(processID) on \(host), since \(started)" }
    }

    /// The lock's file.
    public let path: String
    /// False on a file system that knows no locks: then nothing keeps a second job away, which the user should be told.
    public let isEnforced: Bool

    private let descriptor: Mutex<Int32?>

    /// Takes the lock, without waiting.
    ///
    /// Throws `.held` with the holder, as far as the file tells, or `.file` if the file cannot be made or written.
    public init(path: String) throws(RunFolderError) {
        let descriptor = try Self.open(path)
        do throws(RunFolderError) {
            isEnforced = try Self.lock(descriptor, path)
            try Self.write(Self.thisProcess, to: descriptor, path)
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = Mutex(descriptor)
    }

    deinit { release() }

    /// Gives the lock back; a second time does nothing.
    public func release() {
        descriptor.withLock { descriptor in
            guard let open = descriptor else { return }
            _ = ftruncate(open, 0)
            close(open)
            descriptor = nil
        }
    }

    private static func open(_ path: String) throws(RunFolderError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failed(path, "open the lock") }
        return descriptor
    }

    /// Takes the kernel's lock; false if the file system has none.
    private static func lock(_ descriptor: Int32, _ path: String) throws(RunFolderError) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: throw .held(path: splitPath(path).folder, holder: readHolder(descriptor))
            case ENOSYS, EOPNOTSUPP: return false
            default: throw failed(path, "lock it")
            }
        }
        return true
    }

    private static var thisProcess: Holder {
        var name = [CChar](repeating: 0, count: 256)
        let known = gethostname(&name, name.count - 1) == 0
        let host = name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
        return Holder(
            host: known ? host ?? "" : "unknown", processID: getpid(), started: Date().formatted(.iso8601))
    }

    private static func write(_ holder: Holder, to descriptor: Int32, _ path: String) throws(RunFolderError) {
        let text = Array("host \(holder.host)\nprocess \(holder.processID)\nstarted \(holder.started)\n".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count else {
            throw failed(path, "write the lock")
        }
    }

    /// What the file says; nil if its holder has not written it yet.
    private static func readHolder(_ descriptor: Int32) -> Holder? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        var values: [Substring: String] = [:]
        for line in String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n") {
            guard let space = line.firstIndex(of: " ") else { continue }
            values[line[..<space]] = String(line[line.index(after: space)...])
        }
        guard let host = values["host"], let process = values["process"].flatMap({ Int32($0) }) else { return nil }
        return Holder(host: host, processID: process, started: values["started"] ?? "a time unknown")
    }

    private static func failed(_ path: String, _ operation: String) -> RunFolderError {
        .file(.failed(path: path, operation: operation, errorNumber: errno))
    }
}
