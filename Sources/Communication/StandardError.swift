internal import CMPI
import Glibc

/// Writes lines to standard error.
public enum StandardError {
    /// Writes one line with one system call, so that lines of several ranks do not mix. On a terminal, the line replaces the progress line.
    public static func print(_ line: String) {
        let bytes = Array((String(cString: cmpi_error_line_start()) + line + "\n").utf8)
        // A failure of this write cannot be reported anywhere.
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// Prints a note: a choice that the program made, or a value that it read.
    public static func note(_ text: String) { print("rnntrain: note: " + text) }

    /// Prints an error. The program ends.
    public static func fail(_ text: String) { print("rnntrain: error: " + text) }

    /// Prints a warning. The program continues.
    public static func warn(_ text: String) { print("rnntrain: warning: " + text) }
}
