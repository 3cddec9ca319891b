internal import CMPI

/// Writes lines to standard error.
public enum StandardError {
    /// Writes one line with one system call, so that lines of several ranks do not mix. On a terminal, the line replaces the progress line.
    ///
    /// If the reader pauses, a rank of a job waits at most two seconds, and then omits the line.
    public static func print(_ line: String) {
        let text = String(cString: cmpi_error_line_start()) + line + "\n"
        cmpi_write_error(text, Int64(text.utf8.count))
    }

    /// Prints a note: a choice that the program made, or a value that it read.
    public static func note(_ text: String) { print("rnntrain: note: " + text) }

    /// Prints an error. The program ends.
    public static func fail(_ text: String) { print("rnntrain: error: " + text) }

    /// Prints a warning. The program continues.
    public static func warn(_ text: String) { print("rnntrain: warning: " + text) }
}
