import Failures
package import Glibc

/// A failed system call, with its `errno`.
package struct CallFailure: Error, Equatable, CustomStringConvertible {
    /// The value of `errno` directly after the call.
    package let errorNumber: Int32

    /// A failure with this `errno`.
    package init(errorNumber: Int32) { self.errorNumber = errorNumber }

    package var description: String { systemText(errorNumber) }
}

/// The system calls that all writing uses. Tests replace them to make any one of them fail.
package struct FileSystemCalls: Sendable {
    /// `openat(folder, path, flags, mode)`: a descriptor.
    package var open: @Sendable (Int32, String, Int32, mode_t) throws(CallFailure) -> Int32
    /// `fstatat(folder, path, flags)`.
    package var status: @Sendable (Int32, String, Int32) throws(CallFailure) -> FileStatus
    /// `write(descriptor, bytes)`: the number of bytes written, possibly fewer than requested.
    package var write: @Sendable (Int32, UnsafeRawBufferPointer) throws(CallFailure) -> Int
    /// `pread(descriptor, buffer, offset)`: the number of bytes read; 0 at the end of the file.
    package var read: @Sendable (Int32, UnsafeMutableRawBufferPointer, off_t) throws(CallFailure) -> Int
    /// `lseek(descriptor, offset, whence)`: the new position.
    package var seek: @Sendable (Int32, off_t, Int32) throws(CallFailure) -> off_t
    /// `ftruncate(descriptor, length)`.
    package var truncate: @Sendable (Int32, off_t) throws(CallFailure) -> Void
    /// `fsync(descriptor)`.
    package var synchronize: @Sendable (Int32) throws(CallFailure) -> Void
    /// `close(descriptor)`.
    package var close: @Sendable (Int32) throws(CallFailure) -> Void
    /// `renameat(folder, old, folder, new)`.
    package var rename: @Sendable (Int32, String, String) throws(CallFailure) -> Void
    /// `unlinkat(folder, path, flags)`.
    package var remove: @Sendable (Int32, String, Int32) throws(CallFailure) -> Void
    /// `mkdirat(folder, path, mode)`.
    package var makeFolder: @Sendable (Int32, String, mode_t) throws(CallFailure) -> Void

    /// The calls of the operating system.
    package static let system = FileSystemCalls(
        open: { folder, path, flags, mode throws(CallFailure) in
            try checked(RawByte.withCString(path) { Glibc.openat(folder, $0, flags, mode) })
        },
        status: { folder, path, flags throws(CallFailure) in
            var status = stat()
            _ = try checked(RawByte.withCString(path) { Glibc.fstatat(folder, $0, &status, flags) })
            return FileStatus(status)
        },
        write: { descriptor, bytes throws(CallFailure) in
            try checked(Glibc.write(descriptor, bytes.baseAddress, bytes.count))
        },
        read: { descriptor, room, offset throws(CallFailure) in
            try checked(Glibc.pread(descriptor, room.baseAddress, room.count, offset))
        },
        seek: { descriptor, offset, whence throws(CallFailure) in try checked(Glibc.lseek(descriptor, offset, whence)) },
        truncate: { descriptor, length throws(CallFailure) in _ = try checked(Glibc.ftruncate(descriptor, length)) },
        synchronize: { descriptor throws(CallFailure) in _ = try checked(Glibc.fsync(descriptor)) },
        close: { descriptor throws(CallFailure) in _ = try checked(Glibc.close(descriptor)) },
        rename: { folder, old, new throws(CallFailure) in
            _ = try checked(
                RawByte.withCString(old) { old in RawByte.withCString(new) { Glibc.renameat(folder, old, folder, $0) } })
        },
        remove: { folder, path, flags throws(CallFailure) in
            _ = try checked(RawByte.withCString(path) { Glibc.unlinkat(folder, $0, flags) })
        },
        makeFolder: { folder, path, mode throws(CallFailure) in
            _ = try checked(RawByte.withCString(path) { Glibc.mkdirat(folder, $0, mode) })
        })
}

private func checked<Result: SignedInteger>(_ result: Result) throws(CallFailure) -> Result {
    guard result >= 0 else { throw CallFailure(errorNumber: errno) }
    return result
}

/// Repeats a call while a signal interrupts it.
func uninterrupted<Result>(_ call: () throws(CallFailure) -> Result) throws(CallFailure) -> Result {
    while true {
        do throws(CallFailure) {
            return try call()
        } catch {
            guard error.errorNumber == EINTR else { throw error }
        }
    }
}
