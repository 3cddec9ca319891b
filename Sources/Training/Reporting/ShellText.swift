/// Words quoted for a shell.
public enum ShellText {
    /// The word, quoted for a POSIX shell if necessary.
    public static func quoted(_ word: String) -> String {
        if !word.isEmpty, word.utf8.allSatisfy(plain.contains) { return word }
        if word.unicodeScalars.contains(where: { ($0.value < 32 && $0 != "\n") || $0.value == 127 }) { return dollarQuoted(word) }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// The word for a shell that supports `$'...'` (bash, zsh, ksh, POSIX 2024). The result contains no control characters, which
    /// a terminal would interpret.
    private static func dollarQuoted(_ word: String) -> String {
        let escaped = word.unicodeScalars.map { scalar in
            switch scalar {
            case "'", "\\": "\\" + String(scalar)
            case _ where scalar.value < 32 || scalar.value == 127:
                "\\" + String(repeating: "0", count: scalar.value < 8 ? 2 : scalar.value < 64 ? 1 : 0)
                    + String(scalar.value, radix: 8)
            default: String(scalar)
            }
        }
        return "$'" + escaped.joined() + "'"
    }

    /// Characters without a special meaning for a shell.
    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-".utf8)

    /// Words as one command line.
    public static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }
}
