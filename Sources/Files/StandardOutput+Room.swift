import Glibc

/// Writing without a wait for a reader that pauses: a stopped terminal (Ctrl-S), a pager, a pipe that is not read.
extension StandardOutput {
    /// If `poll` finds room in a pipe, this many bytes fit into it. A longer write would wait for the reader.
    private static let pieceByteCount = 4096

    /// A descriptor of the output whose writes do not wait, if it is a pipe or a terminal.
    ///
    /// It is opened again, because `O_NONBLOCK` on the descriptor itself would also apply to the other programs that share it. A terminal may
    /// have room for a part of a piece only; in a pipe that others share, they may take the room.
    private static let unblocked: Int32 = {
        var status = stat()
        let isPipe = fstat(STDOUT_FILENO, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
        guard isPipe || isatty(STDOUT_FILENO) == 1 else { return STDOUT_FILENO }
        let again = open("/proc/self/fd/\(STDOUT_FILENO)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        return again < 0 ? STDOUT_FILENO : again
    }()

    /// Writes the bytes for which there is room, and returns their number. If there is no room, waits for it at most the given time; a signal
    /// ends the wait.
    package static func writeSome(_ bytes: ArraySlice<UInt8>, waiting milliseconds: Int32) throws(StandardOutputError) -> Int {
        var rest = bytes
        while !rest.isEmpty, hasRoom(unblocked, waiting: rest.count == bytes.count ? milliseconds : 0) {
            let count = rest.prefix(pieceByteCount).withUnsafeBytes { Glibc.write(unblocked, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count == 0 {
                throw StandardOutputError(errorNumber: EIO)
            } else if errno == EAGAIN {
                break
            } else if errno != EINTR {
                throw StandardOutputError(errorNumber: errno)
            }
        }
        return bytes.count - rest.count
    }

    /// Whether a write to the descriptor would not wait: there is room, or the write fails. Waits at most the given time; a negative one is no limit.
    static func hasRoom(_ descriptor: Int32, waiting milliseconds: Int32) -> Bool {
        var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&room, 1, milliseconds) > 0
    }
}
