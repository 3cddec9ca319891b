package import Glibc

/// A system call that failed, with its `errno`.
package struct CallFailure: Error, Equatable {
    /// The value of `errno` right after the call.
    package let errorNumber: Int32

    /// A failure with this `errno`.
    package init(errorNumber: Int32) { self.errorNumber = errorNumber }
}

/// The system calls through which all writing goes, so that tests can let any one of them fail.
package struct FileSystemCalls: Sendable {
    /// `open(path, flags, mode)`: a descriptor.
    package var open: @Sendable (String, Int32, mode_t) throws(CallFailure) -> Int32
    /// `write(descriptor, bytes)`: how many bytes were taken, perhaps fewer than given.
    package var write: @Sendable (Int32, UnsafeRawBufferPointer) throws(CallFailure) -> Int
    /// `fsync(descriptor)`.
    package var synchronize: @Sendable (Int32) throws(CallFailure) -> Void
    /// `close(descriptor)`.
    package var close: @Sendable (Int32) throws(CallFailure) -> Void
    /// `rename(old, new)`.
    package var rename: @Sendable (String, String) throws(CallFailure) -> Void
    /// `unlink(path)`.
    package var remove: @Sendable (String) throws(CallFailure) -> Void
    /// `mkdir(path, mode)`.
    package var makeFolder: @Sendable (String, mode_t) throws(CallFailure) -> Void

    /// The system's own.
    package static let system = FileSystemCalls(
        open: { path, flags, mode throws(CallFailure) in Int32(try checked(Int(Glibc.open(path, flags, mode)))) },
        write: { descriptor, bytes throws(CallFailure) in
            try checked(Glibc.write(descriptor, bytes.baseAddress, bytes.count))
        },
        synchronize: { descriptor throws(CallFailure) in _ = try checked(Int(Glibc.fsync(descriptor))) },
        close: { descriptor throws(CallFailure) in _ = try checked(Int(Glibc.close(descriptor))) },
        rename: { old, new throws(CallFailure) in _ = try checked(Int(Glibc.rename(old, new))) },
        remove: { path throws(CallFailure) in _ = try checked(Int(Glibc.unlink(path))) },
        makeFolder: { path, mode throws(CallFailure) in _ = try checked(Int(Glibc.mkdir(path, mode))) })
}

private func checked(_ result: Int) throws(CallFailure) -> Int {
    guard result >= 0 else { throw CallFailure(errorNumber: errno) }
    return result
}

/// Repeats a call that a signal interrupted.
func uninterrupted<Result>(_ call: () throws(CallFailure) -> Result) throws(CallFailure) -> Result {
    while true {
        do throws(CallFailure) {
            return try call()
        } catch {
            guard error.errorNumber == EINTR else { throw error }
        }
    }
}
