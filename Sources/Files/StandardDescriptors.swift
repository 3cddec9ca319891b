import Glibc

/// The standard descriptors 0 to 2 of the process.
package enum StandardDescriptors {
    /// Reserves each standard descriptor that is closed. Otherwise the next file to open would get its number, and printed text would go
    /// into that file.
    ///
    /// Reading and writing them still fails with EBADF, as for a closed descriptor.
    package static func reserve() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 && errno == EBADF {
            // `open` returns the lowest free number, which is this one. If even /dev/null cannot be opened, there is no way to report it.
            _ = open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
