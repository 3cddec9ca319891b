import Glibc

/// The standard error output, a line at a time.
public enum StandardError {
    /// Writes one line in one call, so that the lines of several ranks do not mix.
    public static func print(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // Where even this fails there is nobody left to tell.
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// Says what is to be known but ends nothing, as the program's other messages begin.
    public static func warn(_ text: String) { print("rnntrain: warning: " + text) }
}
