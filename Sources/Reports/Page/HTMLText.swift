/// Text as HTML that is also well-formed XML.
enum HTMLText {
    /// Text for content and for quoted attributes. Control characters, which XML does not allow, become U+FFFD.
    static func escaped(_ text: some StringProtocol) -> String {
        var html = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            case "'": html += "&#39;"
            case "\n", "\t": html.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": html += "\u{FFFD}"
            // Characters that change the direction of the text after them.
            case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": html += "\u{FFFD}"
            default: html.unicodeScalars.append(scalar)
            }
        }
        return html
    }

    /// An element whose content is HTML. `attributes` are escaped.
    static func element(_ name: String, _ attributes: [(String, String)] = [], _ content: String) -> String {
        "<\(name)\(attributes.map { " \($0)=\"\(escaped($1))\"" }.joined())>\(content)</\(name)>"
    }

    /// An element whose content is text.
    static func text(_ name: String, _ attributes: [(String, String)] = [], _ content: some StringProtocol) -> String {
        element(name, attributes, escaped(content))
    }
}
