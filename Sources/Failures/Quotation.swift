/// The representation in a message of text from outside (a path, a value, a word of a file): on one line and of bounded length. Without it,
/// a value of a million digits or a line break in a file name would make a message unreadable.
public enum Quotation {
    /// The maximum number of scalars of a text in a message. Valid paths are rarely longer.
    public static let longest = 240
    /// The number of scalars shown from the end of a longer text.
    private static let tail = 40

    /// What a text is.
    public enum Content: Sendable {
        /// A message or the name of a file, in which the scalars of `byte(inName:)` are shown as `\xFF`.
        case name
        /// A text of a user or of a model, in which these scalars are ordinary characters.
        case text
    }

    /// The text with control characters escaped. Of a longer text: its beginning, its length and its end.
    public static func of(_ text: some StringProtocol, as content: Content = .name, longest: Int = longest) -> String {
        let scalars = text.unicodeScalars
        // A text has no more scalars than bytes, so a text of few bytes needs no count.
        guard text.utf8.count > longest, scalars.count > longest else { return escaped(scalars, content) }
        let tail = min(tail, longest / 4)
        return escaped(scalars.prefix(longest - tail), content) + "...(\(scalars.count) characters in all)..."
            + escaped(scalars.suffix(tail), content)
    }

    /// The whole text with control characters escaped, for a line that people read. An escaped text stays as it is.
    public static func inFull(_ text: some StringProtocol, as content: Content = .name) -> String {
        escaped(text.unicodeScalars, content)
    }

    /// The byte that a scalar of the private use area stands for in the name of a file that is not UTF-8: U+10F780 to U+10F7FF for the bytes 0x80
    /// to 0xFF. Nil for any other scalar. `FileName` writes these scalars.
    package static func byte(inName scalar: Unicode.Scalar) -> UInt8? {
        (0x10F780...0x10F7FF).contains(scalar.value) ? UInt8(truncatingIfNeeded: scalar.value) : nil
    }

    /// Whether a scalar is a control character, ends a line, or changes the direction of the text.
    package static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}": true
        default: false
        }
    }

    /// The text with the scalars of `byte(inName:)` shown as `\xFF`, and otherwise unchanged.
    public static func showingBytes(_ name: some StringProtocol) -> String {
        name.unicodeScalars.reduce(into: "") { shown, scalar in append(scalar, .name, to: &shown) }
    }

    private static func append(_ scalar: Unicode.Scalar, _ content: Content, to shown: inout String) {
        if content == .name, let byte = byte(inName: scalar) {
            shown += "\\x" + String(byte, radix: 16, uppercase: true)
        } else {
            shown.unicodeScalars.append(scalar)
        }
    }

    private static func escaped(_ scalars: some Sequence<Unicode.Scalar>, _ content: Content) -> String {
        var shown = ""
        for scalar in scalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\r": shown += "\\r"
            case "\t": shown += "\\t"
            case _ where isEscaped(scalar): shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: append(scalar, content, to: &shown)
            }
        }
        return shown
    }
}

extension DefaultStringInterpolation {
    /// Inserts a path or other text from outside; see ``Quotation/of(_:longest:)``.
    public mutating func appendInterpolation(quoting text: some StringProtocol) {
        appendInterpolation(text.isEmpty ? "''" : Quotation.of(text))
    }

    /// Inserts a path or other text from outside in its full length; see ``Quotation/inFull(_:)``.
    public mutating func appendInterpolation(inFull text: some StringProtocol) {
        appendInterpolation(Quotation.inFull(text))
    }

    /// Inserts the message of an error, on one line and of bounded length.
    public mutating func appendInterpolation(message error: any Error) {
        appendInterpolation(Quotation.of("\(error)", longest: 2000))
    }

    /// Inserts a value: shorter than a path, and `''` if it is empty.
    public mutating func appendInterpolation(value text: some StringProtocol) {
        appendInterpolation(text.isEmpty ? "''" : Quotation.of(text, longest: 60))
    }
}
