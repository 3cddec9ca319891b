import Glibc

/// The terminal that shows standard output.
///
/// A launcher gives its ranks pseudo-terminals even if its own output goes to a file. The terminal of this process therefore counts only if it
/// has a width; Open MPI sets it to the width of the launcher's terminal at the start. launch/train names its terminal in RNNTRAIN_TERMINAL;
/// the value `1` means the controlling terminal.
struct WatchedTerminal {
    private let descriptor: Int32
    private var lastWidth: Int

    /// The width of a terminal that does not report one.
    private static let usualWidth = 80

    /// Nil without a terminal.
    init?() {
        let own = Self.width(STDOUT_FILENO)
        let name = getenv("RNNTRAIN_TERMINAL").map { String(cString: $0) }.flatMap { $0.isEmpty || $0 == "0" ? nil : $0 }
        guard own != nil || name != nil else { return nil }
        lastWidth = own ?? Self.usualWidth
        let isLaunched = name != nil || getenv("OMPI_COMM_WORLD_SIZE") != nil
        let path = name.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/dev/tty"
        let named = isLaunched ? open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1
        descriptor = Self.width(named) == nil ? STDOUT_FILENO : named
    }

    /// The width in columns. It is read each time, because windows are resized; the last known width if it cannot be read.
    mutating func width() -> Int {
        lastWidth = Self.width(descriptor) ?? lastWidth
        return lastWidth
    }

    private static func width(_ descriptor: Int32) -> Int? {
        var size = winsize()
        guard isatty(descriptor) == 1, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
