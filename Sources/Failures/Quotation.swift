/// The representation in a message of text from outside (a path, a value, a word of a file): on one line and of bounded length. Without it,
/// a value of a million digits or a line break in a file name would make a message unreadable.
public enum Quotation {
    /// The maximum number of scalars of a text in a message. Valid paths are rarely longer.
    public static let longest = 240
    /// The number of scalars shown from the end of a longer text.
    private static let tail = 40

    /// What a text is.
    public enum Content: Sendable {
        /// A message or the name of a file, in which the scalars of `RawByte` are shown as bytes.
        case name
        /// A text of a user or of a model, in which these scalars are characters.
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

    /// The text with the scalars of `RawByte` shown as bytes, and otherwise unchanged.
    public static func showingBytes(_ name: some StringProtocol) -> String {
        name.unicodeScalars.reduce(into: "") { shown, scalar in
            if let byte = shownByte(scalar) { shown += byte } else { shown.unicodeScalars.append(scalar) }
        }
    }

    /// `\xFF` for a scalar that stands for a byte; nil for any other scalar.
    private static func shownByte(_ scalar: Unicode.Scalar) -> String? {
        RawByte.byte(of: scalar).map { "\\x" + String($0, radix: 16, uppercase: true) }
    }

    /// Whether a scalar is a control character, ends a line, changes the direction of the text, or stands for a byte that is no UTF-8.
    package static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case _ where RawByte.byte(of: scalar) != nil: true
        case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}": true
        default: false
        }
    }

    private static func escaped(_ scalars: some Sequence<Unicode.Scalar>, _ content: Content) -> String {
        var shown = ""
        for scalar in scalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\r": shown += "\\r"
            case "\t": shown += "\\t"
            case _ where RawByte.byte(of: scalar) != nil && content == .text: shown.unicodeScalars.append(scalar)
            case _ where RawByte.byte(of: scalar) != nil: shown += shownByte(scalar) ?? ""
            case _ where isEscaped(scalar): shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
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
