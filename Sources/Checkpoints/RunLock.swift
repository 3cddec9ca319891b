import Files
import Glibc
import Synchronization

/// The right to write into a run folder, which one job has at a time.
///
/// The kernel's lock on the file ends with its process however that ends. The file's text tells others who holds it, and
/// outlives a job that is killed: what a dead job of this machine left is taken over, what a job of another machine left only
/// when the user says so, since not every file system carries locks from machine to machine. The file stays, empty, after a
/// release: removing it could part two jobs that open it.
public final class RunLock: Sendable {
    /// The lock's file.
    public let path: String
    /// False on a file system that knows no locks: then only the file's text keeps a second job away.
    public let isEnforced: Bool
    /// The job that held the lock before and did not give it back; to be told to the user.
    public let takenOverFrom: Holder?

    private let descriptor: Mutex<Int32?>

    /// Takes the lock, without waiting.
    ///
    /// With `breaking` also from a job on another machine, which the user knows to have ended; never from one of this machine.
    /// Throws `.held` or `.left` with the holder, as far as the file tells, or `.file` if the file cannot be made or written.
    public init(path: String, breaking: Bool = false) throws(RunFolderError) {
        let file = try Self.lockedFile(path, breaking: breaking)
        do throws(RunFolderError) {
            takenOverFrom = try Self.checkedHolder(file, path, breaking: breaking)
            try Self.write(.current, to: file.descriptor, path)
        } catch {
            close(file.descriptor)
            throw error
        }
        self.path = path
        isEnforced = file.isEnforced
        descriptor = Mutex(file.descriptor)
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

    /// The open file of a lock, which the kernel has given to this process if it can.
    private struct LockedFile {
        let descriptor: Int32
        let isEnforced: Bool
    }

    private static func lockedFile(_ path: String, breaking: Bool) throws(RunFolderError) -> LockedFile {
        while true {
            let descriptor = try open(path)
            do throws(RunFolderError) {
                let isEnforced = try lock(descriptor, path)
                // Whoever broke a lock in the meantime has put another file under the name.
                if isUnder(path, descriptor) { return LockedFile(descriptor: descriptor, isEnforced: isEnforced) }
                close(descriptor)
            } catch {
                defer { close(descriptor) }
                guard breaking, case .held(_, let holder?) = error, !holder.isOfThisMachine else { throw error }
                remove(path, openAs: descriptor)
            }
        }
    }

    /// Removes a lock that is to be broken, unless another has put its own in its place meanwhile.
    private static func remove(_ path: String, openAs descriptor: Int32) {
        let folder = Glibc.open(splitPath(path).folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if folder >= 0 { close(folder) } }
        // Between looking and removing nobody else who breaks the lock may do the same.
        guard folder >= 0, flock(folder, LOCK_EX) == 0, isUnder(path, descriptor) else { return }
        unlink(path)
    }

    private static func open(_ path: String) throws(RunFolderError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failed(path, "open the lock") }
        return descriptor
    }

    /// Takes the kernel's lock; false if the file system has none.
    private static func lock(_ descriptor: Int32, _ path: String) throws(RunFolderError) -> Bool {
        var whole = wholeFile
        while fcntl(descriptor, LockCommand.take, &whole) != 0 {
            switch errno {
            case EINTR: continue
            case EAGAIN, EACCES:
                throw .held(path: splitPath(path).folder, holder: writtenHolder(descriptor))
            case ENOSYS, EOPNOTSUPP, ENOLCK, EINVAL: return false
            default: throw failed(path, "lock it")
            }
        }
        return true
    }

    private static func isUnder(_ path: String, _ descriptor: Int32) -> Bool {
        var (named, open) = (stat(), stat())
        return stat(path, &named) == 0 && fstat(descriptor, &open) == 0 && named.st_ino == open.st_ino
            && named.st_dev == open.st_dev
    }

    /// The holder that the file still names, if it may be passed over.
    private static func checkedHolder(
        _ file: LockedFile, _ path: String, breaking: Bool
    ) throws(RunFolderError) -> Holder? {
        guard let holder = readHolder(file.descriptor) else { return nil }
        switch holder.standing(kernelDecides: file.isEnforced) {
        case .ended: return holder
        case .unknown where breaking: return holder
        case .unknown: throw .left(path: splitPath(path).folder, holder: holder)
        case .running: throw .held(path: splitPath(path).folder, holder: holder)
        }
    }

    private static func write(_ holder: Holder, to descriptor: Int32, _ path: String) throws(RunFolderError) {
        guard ftruncate(descriptor, 0) == 0 else { throw failed(path, "write the lock") }
        var rest = Array(holder.text.utf8)[...]
        while !rest.isEmpty {
            let taken = rest.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(rest.startIndex)) }
            if taken < 0, errno == EINTR { continue }
            if taken == 0 { errno = EIO }
            guard taken > 0 else { throw failed(path, "write the lock") }
            rest = rest.dropFirst(taken)
        }
    }

    /// What the file says, for which one that has just taken the lock is given a moment to write it.
    private static func writtenHolder(_ descriptor: Int32) -> Holder? {
        let (attempts, pause) = (100, 10_000 as useconds_t)
        for _ in 0..<attempts {
            if let holder = readHolder(descriptor) { return holder }
            usleep(pause)
        }
        return nil
    }

    private static func readHolder(_ descriptor: Int32) -> Holder? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? Holder(text: String(decoding: bytes.prefix(count), as: UTF8.self)) : nil
    }

    /// Bound to the open file, so that it ends with the last descriptor and not with any other that this process closes.
    private static var wholeFile: flock {
        flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
    }

    private static func failed(_ path: String, _ operation: String) -> RunFolderError {
        .file(.failed(path: path, operation: operation, errorNumber: errno))
    }
}

extension RunLock {
    /// How a run's lock stands, seen without touching it.
    public enum State: Sendable, Equatable {
        /// Nobody holds it.
        case free
        /// A job writes into the run; nil if the file does not say which.
        case held(Holder?)
        /// A job did not give it back; it has ended if it was one of this machine.
        case left(Holder)
    }

    /// Looks at the lock of a run. Takes nothing, so that no job that starts at this moment is refused. Throws `.file`.
    public static func state(path: String) throws(RunFolderError) -> State {
        let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
        let readable = descriptor >= 0 ? descriptor : Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard readable >= 0 else {
            if errno == ENOENT { return .free }
            throw failed(path, "open the lock")
        }
        defer { close(readable) }
        var other = wholeFile
        if fcntl(readable, LockCommand.look, &other) == 0, other.l_type != Int16(F_UNLCK) { return .held(readHolder(readable)) }
        guard let holder = readHolder(readable) else { return .free }
        return .left(holder)
    }
}

/// `fcntl`'s commands for locks of an open file (Linux 3.15), which Glibc's module leaves out.
package enum LockCommand {
    /// F_OFD_GETLK.
    package static let look: Int32 = 36
    /// F_OFD_SETLK.
    package static let take: Int32 = 37
}
