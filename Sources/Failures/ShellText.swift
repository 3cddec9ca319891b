/// Words quoted for a shell.
public enum ShellText {
    /// The word, quoted for a POSIX shell if necessary.
    public static func quoted(_ word: String) -> String {
        if !word.isEmpty, word.utf8.allSatisfy(plain.contains) { return word }
        if word.unicodeScalars.contains(where: isEscaped) { return dollarQuoted(word) }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// Whether a scalar cannot be written as it is: a control character, which a terminal would interpret, or a byte of a name that is not UTF-8.
    private static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
        Quotation.isEscaped(scalar) || Quotation.byte(inName: scalar) != nil
    }

    /// The word for a shell that supports `$'...'` (bash, zsh, ksh, POSIX 2024): on one line, without scalars that are escaped.
    private static func dollarQuoted(_ word: String) -> String {
        let scalars = Array(word.unicodeScalars)
        let escaped = scalars.enumerated().map { place, scalar in
            if let byte = Quotation.byte(inName: scalar) {
                // Some shells read more than two hexadecimal digits.
                let next = place + 1 < scalars.count ? scalars[place + 1] : " "
                return next.properties.isASCIIHexDigit ? octal(byte) : "\\x" + String(byte, radix: 16, uppercase: true)
            }
            return switch scalar {
            case "'", "\\": "\\" + String(scalar)
            case _ where Quotation.isEscaped(scalar): String(scalar).utf8.map(octal).joined()
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
