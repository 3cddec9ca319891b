import Glibc

/// The descriptors 0 to 2 of the process.
package enum StandardDescriptors {
    /// Takes the place of those that are closed, before any file is opened: it would get a standard descriptor's number, and with it what is
    /// printed.
    ///
    /// They stay unusable, so that reading and writing fail as where they are closed: EBADF.
    package static func reserve() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 && errno == EBADF {
            // The lowest number that is free is this one. Where even /dev/null cannot be opened there is nobody to tell.
            _ = open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
