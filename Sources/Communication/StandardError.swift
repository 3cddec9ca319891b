internal import CMPI
internal import Failures

/// Writes lines to standard error, with control characters escaped, which may be in the names of files.
public enum StandardError {
    /// Writes one line with one system call, so that lines of several ranks do not mix. On a terminal, the line replaces the progress line.
    ///
    /// If the reader pauses, a rank of a job waits at most two seconds, and then omits the line.
    public static func print(_ line: String) {
        let text = terminated(line)
        cmpi_write_error(text, Int64(text.utf8.count))
    }

    /// Prints the last line of a process whose work has ended.
    ///
    /// If the reader pauses, waits until it continues or closes the output, or until a further signal comes. After a signal that requested the end,
    /// it waits so long at a terminal only.
    public static func printLast(_ line: String) {
        let text = terminated(line)
        cmpi_write_last_error(text, Int64(text.utf8.count))
    }

    private static func terminated(_ line: String) -> String {
        String(cString: cmpi_error_line_start()) + Quotation.inFull(line) + "\n"
    }

    /// Prints a note: a choice that the program made, or a value that it read.
    public static func note(_ text: String) { print("rnntrain: note: " + text) }

    /// Prints an error. The program ends.
    public static func fail(_ text: String) { printLast("rnntrain: error: " + text) }

    /// Prints a warning. The program continues.
    public static func warn(_ text: String) { print("rnntrain: warning: " + text) }
}
