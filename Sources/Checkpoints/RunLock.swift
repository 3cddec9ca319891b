import Failures
package import Files
import Glibc
import Synchronization

/// The exclusive right of a job to write into a run folder.
///
/// It has two parts. The kernel's lock on the file ends with the process in every case. The content of the file names the holder to other
/// jobs, and remains if the job is killed. The lock of a dead job of this machine is taken over; that of a job of another machine only if
/// the user requests it, because not every file system shares locks among machines. After a release the file remains, empty.
///
/// In addition, the kernel locks the folder itself among the jobs of this machine. So removing the file does not let a second job in. The
/// holder verifies its lock before each write (`HeldFolder.requireUnchanged`), and ends if the file is removed.
public final class RunLock: Sendable {
    /// The path of the lock's file.
    public let path: String
    /// False on a file system without locks. Then only the content of the file keeps a second job out.
    public let isEnforced: Bool
    /// The previous holder, if it did not release the lock. The user must be told about it.
    public let takenOverFrom: Holder?
    /// The locked folder.
    package let folder: HeldFolder
    /// Whether this job created the file.
    let madeFile: Bool

    private let name: String
    private let descriptor: Mutex<Int32?>

    /// Takes the lock, without waiting.
    ///
    /// With `breaking`, also takes it from a job on another machine, which according to the user has ended; never from a job on this
    /// machine. Throws `.held` or `.left` with the holder if the file names one, `.foreignFile` if no lock wrote the file, or `.file` if it
    /// cannot be created or written.
    public convenience init(path: String, breaking: Bool = false) throws(RunFolderError) {
        let place = try asRunFolderError { () throws(FileError) in try FilePlace(path: path) }
        try self.init(at: place, breaking: breaking)
    }

    /// Takes the lock in an open folder.
    package init(at place: FilePlace, breaking: Bool = false) throws(RunFolderError) {
        guard Self.lockFolder(place.folder) else {
            throw .held(path: place.folder.path, holder: Self.holderOfThisMachine(place))
        }
        do throws(RunFolderError) {
            let file = try Self.lockedFile(place, breaking: breaking)
            do throws(RunFolderError) {
                takenOverFrom = try Self.checkedHolder(file, place, breaking: breaking)
                try Self.write(.current, to: file.descriptor, place.path)
            } catch {
                close(file.descriptor)
                if file.isNew { unlinkat(place.folder.number, place.name, 0) }
                throw error
            }
            (path, name, folder) = (place.path, place.name, place.folder)
            (isEnforced, madeFile) = (file.isEnforced, file.isNew)
            descriptor = Mutex(file.descriptor)
            folder.pin(name, file.identity)
        } catch {
            flock(place.folder.number, LOCK_UN)
            throw error
        }
    }

    deinit { release() }

    /// Releases the lock. A second call does nothing.
    public func release() { release(removingFile: false) }

    /// Releases the lock. With `removingFile`, also removes the file; a job that has it open detects that, and opens a new one. With
    /// `keepingHolder`, the file continues to name this job, as after its death: the next start then removes what this job could not
    /// remove.
    func release(removingFile: Bool, keepingHolder: Bool = false) {
        descriptor.withLock { descriptor in
            guard let open = descriptor else { return }
            if !keepingHolder { _ = ftruncate(open, 0) }
            if removingFile, Self.isUnder(FilePlace(folder: folder, name: name), open) { unlinkat(folder.number, name, 0) }
            Self.unlock(open)
            close(open)
            folder.unpin(name)
            flock(folder.number, LOCK_UN)
            descriptor = nil
        }
    }

    /// Takes the lock of the folder, which jobs of other machines do not see. Returns false if another job has it.
    ///
    /// If the file system cannot lock folders, returns true: the lock of the file decides.
    private static func lockFolder(_ folder: HeldFolder) -> Bool {
        while flock(folder.number, LOCK_EX | LOCK_NB) != 0 {
            if errno != EINTR { return errno != EWOULDBLOCK }
        }
        return true
    }

    /// The open file of a lock, with the kernel's lock on it if that is possible.
    private struct LockedFile {
        let descriptor: Int32
        let identity: FileIdentity
        let isNew: Bool
        let isEnforced: Bool
    }

    private static func lockedFile(_ place: FilePlace, breaking: Bool) throws(RunFolderError) -> LockedFile {
        while true {
            try asRunFolderError(place.folder.requireUnchanged)
            let (descriptor, isNew) = try open(place)
            do throws(RunFolderError) {
                let identity = try requireLockFile(descriptor, place)
                let isEnforced = try lock(descriptor, place)
                // Another job that broke the lock in the meantime has replaced the file.
                if isUnder(place, descriptor) {
                    return LockedFile(descriptor: descriptor, identity: identity, isNew: isNew, isEnforced: isEnforced)
                }
            } catch {
                guard breaking, case .held(_, let holder?) = error, !holder.isOfThisMachine else {
                    close(descriptor)
                    throw error
                }
                // No other job of this machine does this at the same time, because this job has the lock of the folder.
                if isUnder(place, descriptor) { unlinkat(place.folder.number, place.name, 0) }
            }
            close(descriptor)
        }
    }

    /// Opens or creates the file. Follows no link, and does not block on a pipe.
    private static func open(_ place: FilePlace) throws(RunFolderError) -> (descriptor: Int32, isNew: Bool) {
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        while true {
            let made = openat(place.folder.number, place.name, flags | O_CREAT | O_EXCL, 0o666)
            if made >= 0 { return (made, true) }
            guard errno == EEXIST else { throw failed(place.path, "open the lock") }
            let found = openat(place.folder.number, place.name, flags)
            if found >= 0 { return (found, false) }
            if errno == ENOENT { continue }
            let number = errno
            try asRunFolderError { () throws(FileError) in try place.folder.require(.file, orNothingAt: place.name) }
            throw .file(.failed(path: place.path, operation: "open the lock", errorNumber: number))
        }
    }

    /// Throws unless a lock may overwrite the file: a regular file without hard links, which is empty or has the content of a lock.
    private static func requireLockFile(_ descriptor: Int32, _ place: FilePlace) throws(RunFolderError) -> FileIdentity {
        let status = try asRunFolderError { () throws(FileError) in try FileStatus(ofOpenFile: descriptor, place.path) }
        guard status.kind == .file else { throw .file(.inTheWay(path: place.path, found: status.kind, expected: .file)) }
        guard status.linkCount <= 1 else { throw .file(.hasOtherNames(path: place.path, count: status.linkCount)) }
        guard Holder.isText(readText(descriptor)) else { throw .foreignFile(path: place.folder.path, file: place.path) }
        return status.identity
    }

    /// Takes the kernel's lock on the file. Returns false if the file system has none.
    private static func lock(_ descriptor: Int32, _ place: FilePlace) throws(RunFolderError) -> Bool {
        var whole = wholeFile
        while fcntl(descriptor, LockCommand.take, &whole) != 0 {
            switch errno {
            case EINTR: continue
            case EAGAIN, EACCES: throw .held(path: place.folder.path, holder: writtenHolder { readHolder(descriptor) })
            case ENOSYS, EOPNOTSUPP, ENOLCK, EINVAL: return false
            default: throw failed(place.path, "lock it")
            }
        }
        return true
    }

    /// Gives the kernel's lock back. Closing the file is not enough: a process that is being started has the same open file until it
    /// executes its program.
    private static func unlock(_ descriptor: Int32) {
        var whole = wholeFile
        whole.l_type = Int16(F_UNLCK)
        while fcntl(descriptor, LockCommand.take, &whole) != 0, errno == EINTR {}
    }

    private static func isUnder(_ place: FilePlace, _ descriptor: Int32) -> Bool {
        guard let open = try? FileStatus(ofOpenFile: descriptor, place.path) else { return false }
        return (try? place.folder.status(of: place.name))?.identity == open.identity
    }

    /// The holder that the file still names, if this job may take over its lock.
    private static func checkedHolder(
        _ file: LockedFile, _ place: FilePlace, breaking: Bool
    ) throws(RunFolderError) -> Holder? {
        guard let holder = readHolder(file.descriptor) else { return nil }
        switch holder.standing(kernelDecides: file.isEnforced) {
        case .ended: return holder
        case .unknown where breaking: return holder
        case .unknown: throw .left(path: place.folder.path, holder: holder)
        case .running: throw .held(path: place.folder.path, holder: holder)
        }
    }

    /// Replaces the content. The file is never empty meanwhile, because an empty file shows that no job had begun.
    private static func write(_ holder: Holder, to descriptor: Int32, _ path: String) throws(RunFolderError) {
        var rest = Array(holder.text.utf8)[...]
        while !rest.isEmpty {
            let taken = rest.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(rest.startIndex)) }
            if taken < 0, errno == EINTR { continue }
            if taken == 0 { errno = EIO }
            guard taken > 0 else { throw failed(path, "write the lock") }
            rest = rest.dropFirst(taken)
        }
        guard ftruncate(descriptor, off_t(rest.endIndex)) == 0 else { throw failed(path, "write the lock") }
        // If this job dies with its machine, this content shows that it had begun.
        while fsync(descriptor) != 0, errno != EINVAL {
            if errno != EINTR { throw failed(path, "write the lock") }
        }
    }

    /// The content of the file. Waits a moment for a job that has just taken the lock and has not written it yet.
    private static func writtenHolder(_ read: () -> Holder?) -> Holder? {
        let (attempts, pause) = (400, 10_000 as useconds_t)
        for _ in 0..<attempts {
            if let holder = read() { return holder }
            usleep(pause)
        }
        return nil
    }

    /// The job of this machine that has the lock of the folder, as the file names it; nil if the file is gone.
    private static func holderOfThisMachine(_ place: FilePlace) -> Holder? {
        writtenHolder {
            let descriptor = openat(place.folder.number, place.name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard descriptor >= 0 else { return nil }
            defer { close(descriptor) }
            return readHolder(descriptor).flatMap { $0.isOfThisMachine ? $0 : nil }
        }
    }

    private static func readHolder(_ descriptor: Int32) -> Holder? { Holder(text: readText(descriptor)) }

    private static func readText(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    /// The lock belongs to the open file. It ends with its last descriptor, and not when this process closes another descriptor of the same
    /// file.
    private static var wholeFile: flock {
        flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
    }

    private static func failed(_ path: String, _ operation: String) -> RunFolderError {
        .file(.failed(path: path, operation: operation, errorNumber: errno))
    }
}

extension RunLock {
    /// The state of a run's lock.
    public enum State: Sendable, Equatable {
        /// No job holds it.
        case free
        /// A job is writing to the run; nil if the file does not name it.
        case held(Holder?)
        /// A job did not release it. A job of this machine has ended.
        case left(Holder)
    }

    /// The state of the lock of a run. Takes no lock, so that a job that starts at this moment succeeds.
    ///
    /// Throws `.foreignFile` if no lock wrote the file, or `.file`.
    public static func state(path: String) throws(RunFolderError) -> State {
        let flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = RawByte.withCString(path) { Glibc.open($0, O_RDWR | flags) }
        let readable = descriptor >= 0 ? descriptor : RawByte.withCString(path) { Glibc.open($0, O_RDONLY | flags) }
        guard readable >= 0 else {
            if errno == ENOENT { return .free }
            throw failed(path, "open the lock")
        }
        defer { close(readable) }
        var other = wholeFile
        if fcntl(readable, LockCommand.look, &other) == 0, other.l_type != Int16(F_UNLCK) { return .held(readHolder(readable)) }
        if let holder = readHolder(readable) { return .left(holder) }
        guard Holder.isText(readText(readable)) else {
            let folder = try asRunFolderError { () throws(FileError) in try FilePlace(path: path).folder.path }
            throw .foreignFile(path: folder, file: path)
        }
        return .free
    }
}

/// The commands of `fcntl` for locks of an open file (Linux 3.15), which Glibc's module does not export.
package enum LockCommand {
    /// F_OFD_GETLK.
    package static let look: Int32 = 36
    /// F_OFD_SETLK.
    package static let take: Int32 = 37
}
