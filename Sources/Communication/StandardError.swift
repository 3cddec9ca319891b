internal import CMPI
import Glibc

/// The standard error output, a line at a time.
public enum StandardError {
    /// Writes one line in one call, so that the lines of several ranks do not mix. On a terminal it takes the place of the line that
    /// shows the progress.
    public static func print(_ line: String) {
        let bytes = Array((String(cString: cmpi_error_line_start()) + line + "\n").utf8)
        // Where even this fails there is nobody left to tell.
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// Says what was chosen or read where it could be otherwise.
    public static func note(_ text: String) { print("rnntrain: note: " + text) }

    /// Says what is to be known but ends nothing, as the program's other messages begin.
    public static func warn(_ text: String) { print("rnntrain: warning: " + text) }
}
