/// The lines on which the keys of a TOML text stand.
///
/// The TOML library keeps no positions of keys. This scan looks at the start of each line, outside of multi-line
/// strings, for `key =`, `key.part =`, `[key]` and `[[key]]`. It is for messages only: a valid text is assumed.
struct TOMLKeyLines {
    private var lines: [String: Int] = [:]

    init(_ text: String) {
        var insideString: Substring?
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: Self.endsLine).enumerated() {
            if insideString == nil, let key = Self.leadingKey(line), lines[key] == nil {
                lines[key] = index + 1
            }
            insideString = Self.openString(after: line, inside: insideString)
        }
    }

    /// The first line that sets a top-level key, from 1.
    func line(of key: String) -> Int? { lines[key] }

    /// TOML ends lines with LF or CR LF, which is one Character.
    private static func endsLine(_ character: Character) -> Bool { character == "\n" || character == "\r\n" }

    /// The key that a line begins with, if it is an assignment or a table's header.
    private static func leadingKey(_ line: Substring) -> String? {
        let start = line.drop { $0 == " " || $0 == "\t" }
        let isHeader = start.first == "["
        let name = start.drop { $0 == "[" || $0 == " " }
        guard let (key, rest) = splitKey(name) else { return nil }
        let next = rest.first { $0 != " " && $0 != "\t" }
        return next == "=" || next == "." || (isHeader && next == "]") ? key : nil
    }

    /// A bare or quoted key, and what follows it.
    private static func splitKey(_ text: Substring) -> (key: String, rest: Substring)? {
        if let quote = text.first, quote == "\"" || quote == "'" {
            let inner = text.dropFirst()
            guard let end = inner.firstIndex(of: quote) else { return nil }
            return (String(inner[..<end]), inner[end...].dropFirst())
        }
        let key = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        return key.isEmpty ? nil : (String(key), text[key.endIndex...])
    }

    /// The delimiter of the multi-line string that is open after a line, given the one open before it.
    private static func openString(after line: Substring, inside open: Substring?) -> Substring? {
        var open = open
        var rest = line
        while let character = rest.first {
            if let delimiter = open {
                let closes = rest.hasPrefix(delimiter)
                open = closes ? nil : open
                let isEscape = character == "\\" && delimiter.first == "\""
                rest = rest.dropFirst(closes ? delimiter.count : isEscape ? 2 : 1)
            } else if character == "#" {
                break
            } else if character == "\"" || character == "'" {
                let isTriple = rest.prefix(3).allSatisfy { $0 == character } && rest.prefix(3).count == 3
                open = rest.prefix(isTriple ? 3 : 1)
                rest = rest.dropFirst(isTriple ? 3 : 1)
            } else {
                rest = rest.dropFirst()
            }
        }
        return open?.count == 3 ? open : nil
    }
}
