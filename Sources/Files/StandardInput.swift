public import Failures
import Glibc

/// A failure to read standard input.
public struct StandardInputError: UserFacingError, Equatable {
    /// The `errno` of the failed call.
    public let errorNumber: Int32

    public var exitStatus: ExitStatus { errorNumber == EBADF || errorNumber == EISDIR ? .inputMissing : .inputOutput }

    public var description: String {
        let advice =
            errorNumber == EBADF ? "It is closed: pipe data into the command." : "Pipe other data into the command."
        return "the standard input cannot be read: \(systemText(errorNumber)). \(advice)"
    }
}

/// The standard input of the process.
package enum StandardInput {
    /// Its name in messages.
    package static let name = "the standard input"
    /// Its name in options.
    package static let sign = "-"

    /// Reads to the end of standard input, which may be a file, a pipe or a terminal; or of another open `descriptor`.
    package static func contents(of descriptor: Int32 = STDIN_FILENO) throws(StandardInputError) -> [UInt8] {
        var contents: [UInt8] = []
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
        defer { room.deallocate() }
        while true {
            let count = try readOnce(descriptor, into: room)
            if count == 0 { return contents }
            contents.append(contentsOf: room[..<count])
        }
    }

    /// The descriptor of the open pipe that a path names, such as /dev/stdin or /dev/fd/63 (`<(command)` in a shell); nil for any other
    /// path.
    package static func openPipe(_ path: String) -> Int32? {
        guard let descriptor = path == "/dev/stdin" ? STDIN_FILENO : openDescriptor(path) else { return nil }
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO ? descriptor : nil
    }

    private static func openDescriptor(_ path: String) -> Int32? {
        let folder = ["/dev/fd/", "/proc/self/fd/"].first { path.hasPrefix($0) }
        return folder.flatMap { Int32(path.dropFirst($0.count)) }
    }

    private static func readOnce(_ descriptor: Int32, into room: UnsafeMutableRawBufferPointer) throws(StandardInputError) -> Int
    {
        while true {
            let count = read(descriptor, room.baseAddress, room.count)
            if count >= 0 { return count }
            if errno == EAGAIN {
                // Another program that shares the pipe may have made it non-blocking.
                var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                poll(&readable, 1, -1)
            } else if errno != EINTR {
                throw StandardInputError(errorNumber: errno)
            }
        }
    }
}
