/// Text from outside (a path, a value, a word of a file) as a message shows it: on one line and of bounded length, so that
/// neither a value of a million digits nor a line end in a file name makes a message that nobody can read.
public enum Quotation {
    /// Scalars of a text that a message shows at most. Paths that a system takes are seldom longer.
    public static let longest = 240
    /// Scalars of the end that is shown of a longer text.
    private static let tail = 40

    /// The text, with control characters as escapes; of a long one the beginning, its length and the end.
    public static func of(_ text: some StringProtocol, longest: Int = longest) -> String {
        let scalars = text.unicodeScalars
        // Text of a few bytes has no more scalars than bytes: most texts are not counted.
        guard text.utf8.count > longest, scalars.count > longest else { return escaped(scalars) }
        let tail = min(tail, longest / 4)
        return escaped(scalars.prefix(longest - tail)) + "...(\(scalars.count) characters in all)..."
            + escaped(scalars.suffix(tail))
    }

    private static func escaped(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var shown = ""
        for scalar in scalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\r": shown += "\\r"
            case "\t": shown += "\\t"
            // Besides control characters, those that turn the direction of what follows.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}":
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}

extension DefaultStringInterpolation {
    /// Inserts a path or other text from outside as a message shows it; see ``Quotation/of(_:longest:)``.
    public mutating func appendInterpolation(quoting text: some StringProtocol) {
        appendInterpolation(text.isEmpty ? "''" : Quotation.of(text))
    }

    /// Inserts the message of an error: on one line, and of bounded length whatever it quotes.
    public mutating func appendInterpolation(message error: any Error) {
        appendInterpolation(Quotation.of("\(error)", longest: 2000))
    }

    /// Inserts a value as a message shows it: shorter than a path, and `''` if it is empty.
    public mutating func appendInterpolation(value text: some StringProtocol) {
        appendInterpolation(text.isEmpty ? "''" : Quotation.of(text, longest: 60))
    }
}
