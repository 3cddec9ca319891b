/// Words quoted for a shell.
public enum ShellText {
    /// The word, quoted for a POSIX shell if necessary.
    public static func quoted(_ word: String) -> String {
        // zsh replaces `=name` by the path of a program.
        if !word.isEmpty, word.utf8.first != UInt8(ascii: "="), word.utf8.allSatisfy(plain.contains) { return word }
        if word.unicodeScalars.contains(where: Quotation.isEscaped) { return dollarQuoted(word) }
        // By scalars: a combining mark joins an apostrophe before it to one character.
        let words = word.unicodeScalars.split(separator: "'", omittingEmptySubsequences: false).map { String($0) }
        return "'" + words.joined(separator: "'\\''") + "'"
    }

    /// The word for a shell that supports `$'...'` (bash, zsh, ksh, POSIX 2024): on one line, without control characters, which a terminal
    /// would interpret.
    private static func dollarQuoted(_ word: String) -> String {
        let escaped = word.unicodeScalars.map { scalar in
            switch scalar {
            case "'", "\\": "\\" + String(scalar)
            case _ where Quotation.isEscaped(scalar): RawByte.bytes(of: String(scalar)).map(octal).joined()
            default: String(scalar)
            }
        }
        return "$'" + escaped.joined() + "'"
    }

    /// A byte as `\ooo`.
    private static func octal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 8)
        return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    }

    /// Characters without a special meaning for a shell.
    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-".utf8)

    /// Words as one command line.
    public static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }
}
