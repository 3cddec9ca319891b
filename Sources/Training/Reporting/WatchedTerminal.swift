import Glibc

/// The terminal on which a person watches the standard output.
///
/// A launcher gives its ranks pseudo-terminals even if its own output goes to a file, so that this process's own counts only if it has a
/// width. Otherwise the launching script names its own in RNNTRAIN_TERMINAL; `1` stands for the controlling terminal.
struct WatchedTerminal {
    private let descriptor: Int32
    private var lastWidth: Int

    /// The width of a terminal that does not tell one.
    private static let usualWidth = 80

    /// Nil where nobody watches.
    init?(environment name: String? = getenv("RNNTRAIN_TERMINAL").map { String(cString: $0) }) {
        if let width = Self.width(STDOUT_FILENO) {
            (descriptor, lastWidth) = (STDOUT_FILENO, width)
        } else {
            guard let name, !name.isEmpty, name != "0" else { return nil }
            descriptor = open(name.hasPrefix("/") ? name : "/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
            lastWidth = Self.usualWidth
        }
    }

    /// Its width in columns, asked anew: windows are resized. The last one that is known where it does not answer any more.
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
