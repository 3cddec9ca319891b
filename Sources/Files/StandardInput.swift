public import Failures
import Glibc

/// The standard input could not be read.
public struct StandardInputError: UserFacingError, Equatable {
    /// The `errno` of the call that failed.
    public let errorNumber: Int32

    public var exitStatus: ExitStatus { errorNumber == EBADF || errorNumber == EISDIR ? .inputMissing : .inputOutput }

    public var description: String {
        let advice =
            errorNumber == EBADF ? "It is closed: pipe something into the command." : "Pipe something else into the command."
        return "the standard input cannot be read: \(systemText(errorNumber)). \(advice)"
    }
}

/// The standard input of the process.
package enum StandardInput {
    /// What it is called in messages.
    package static let name = "the standard input"
    /// What options name it by.
    package static let sign = "-"

    /// Reads all that comes, up to its end: from a file, a pipe or a terminal.
    package static func contents() throws(StandardInputError) -> [UInt8] {
        var contents: [UInt8] = []
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
        defer { room.deallocate() }
        while true {
            let count = try readOnce(into: room)
            if count == 0 { return contents }
            contents.append(contentsOf: room[..<count])
        }
    }

    private static func readOnce(into room: UnsafeMutableRawBufferPointer) throws(StandardInputError) -> Int {
        while true {
            let count = read(STDIN_FILENO, room.baseAddress, room.count)
            if count >= 0 { return count }
            if errno == EAGAIN {
                // Another program that shares it may have made it non-blocking.
                var readable = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
                poll(&readable, 1, -1)
            } else if errno != EINTR {
                throw StandardInputError(errorNumber: errno)
            }
        }
    }
}
