public import Failures
import Glibc

/// The standard output could not take what was written to it.
public struct StandardOutputError: UserFacingError, Equatable {
    /// The `errno` of the call that failed.
    public let errorNumber: Int32

    /// Whether the reader at the other end of a pipe is gone.
    package var isClosedPipe: Bool { errorNumber == EPIPE }
    public var exitStatus: ExitStatus { .inputOutput }

    public var description: String {
        "the standard output cannot be written: \(systemText(errorNumber)). \(advice)"
    }

    private var advice: String {
        switch errorNumber {
        case EBADF: "It is closed: name a place for it."
        case ENOSPC, EDQUOT: "Free space there, or name another place for it."
        case EFBIG: "Raise the limit on file sizes (ulimit -f), or name another place for it."
        default: "Name another place for it."
        }
    }
}

/// The standard output of the process. All commands write to it through here, so that nothing is lost without a word.
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

    /// Ends the output, or throws: a file system on the network may tell only now that its disk is full. Nothing may be written after it.
    package static func close() throws(StandardOutputError) {
        guard Glibc.close(STDOUT_FILENO) == 0 || errno == EINTR else { throw StandardOutputError(errorNumber: errno) }
    }

    /// Writes a command's result, with a line end if it has none, or throws.
    ///
    /// Where the reader of a pipe is gone (`| head`), the process ends without a word, as if by SIGPIPE.
    package static func printResult(_ text: String) throws(StandardOutputError) {
        try endingQuietly { () throws(StandardOutputError) in try write(text.utf8.last == 0x0A ? text : text + "\n") }
    }

    /// Runs `body`; ends the process as SIGPIPE does where it throws for a closed pipe.
    package static func endingQuietly(_ body: () throws(StandardOutputError) -> Void) throws(StandardOutputError) {
        do throws(StandardOutputError) {
            try body()
        } catch {
            if error.isClosedPipe { endByClosedPipe() }
            throw error
        }
    }

    /// Whether a person reads it.
    package static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    private static func failureOfWriting(_ bytes: UnsafeRawBufferPointer) -> StandardOutputError? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(STDOUT_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count == 0 {
                return StandardOutputError(errorNumber: EIO)
            } else if errno == EAGAIN {
                waitForRoom()
            } else if errno != EINTR {
                return StandardOutputError(errorNumber: errno)
            }
        }
        return nil
    }

    /// Another program that shares the pipe or the terminal may have made it non-blocking.
    private static func waitForRoom() {
        var room = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        poll(&room, 1, -1)
    }

    /// The signal where it can end the process; else (the first process of a container) the status that shells give it.
    private static func endByClosedPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        _exit(128 + SIGPIPE)
    }
}
