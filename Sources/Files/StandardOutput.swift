public import Failures
import Glibc

/// A failure to write standard output.
public struct StandardOutputError: UserFacingError, Equatable {
    /// The `errno` of the failed call.
    public let errorNumber: Int32

    /// Whether the reader of the pipe has closed it.
    package var isClosedPipe: Bool { errorNumber == EPIPE }
    public var exitStatus: ExitStatus { .inputOutput }

    public var description: String {
        "the standard output cannot be written: \(systemText(errorNumber)). \(advice)"
    }

    private var advice: String {
        switch errorNumber {
        case EBADF: "It is closed: redirect it."
        case ENOSPC, EDQUOT: "Free disk space, or redirect it to another disk."
        case EFBIG: "Raise the limit on file sizes (ulimit -f), or redirect it elsewhere."
        default: "Redirect it elsewhere."
        }
    }
}

/// The standard output of the process. All commands write through it, so that every failure is reported.
package enum StandardOutput {
    /// Writes the whole text, or throws.
    package static func write(_ text: String) throws(StandardOutputError) {
        var text = text
        let failure = text.withUTF8 { failureOfWriting(UnsafeRawBufferPointer($0)) }
        if let failure { throw failure }
    }

    /// Writes all bytes, or throws.
    package static func write(_ bytes: [UInt8]) throws(StandardOutputError) {
        if let failure = bytes.withUnsafeBytes(failureOfWriting) { throw failure }
    }

    /// Closes the output. Throws if that fails: a network file system may report a full disk only now. Nothing may be written after it.
    package static func close() throws(StandardOutputError) {
        guard Glibc.close(STDOUT_FILENO) == 0 || errno == EINTR else { throw StandardOutputError(errorNumber: errno) }
    }

    /// Writes a command's result, and a line end if it has none.
    ///
    /// If the reader of a pipe has closed it (`| head`), the process ends silently, as with SIGPIPE. Otherwise throws.
    package static func printResult(_ text: String) throws(StandardOutputError) {
        try endingQuietly { () throws(StandardOutputError) in try write(text.utf8.last == 0x0A ? text : text + "\n") }
    }

    /// Runs `body`. If it throws because the reader closed the pipe, the process ends as with SIGPIPE.
    package static func endingQuietly(_ body: () throws(StandardOutputError) -> Void) throws(StandardOutputError) {
        do throws(StandardOutputError) {
            try body()
        } catch {
            if error.isClosedPipe { endByClosedPipe() }
            throw error
        }
    }

    /// Whether the output is a terminal. Open MPI gives rank 0 a terminal of its own, whatever the output of mpirun is, so that this is no answer.
    package static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 && getenv("OMPI_COMM_WORLD_SIZE") == nil }

    private static func failureOfWriting(_ bytes: UnsafeRawBufferPointer) -> StandardOutputError? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count == 0 {
                return StandardOutputError(errorNumber: EIO)
            } else if errno == EAGAIN {
                // Another program that shares the pipe or the terminal may have made it non-blocking.
                _ = hasRoom(STDOUT_FILENO, waiting: -1)
            } else if errno != EINTR {
                return StandardOutputError(errorNumber: errno)
            }
        }
        return nil
    }

    /// Ends the process by SIGPIPE. If that has no effect, as in the first process of a container, exits with the status that shells use
    /// for it.
    private static func endByClosedPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        _exit(128 + SIGPIPE)
    }
}
