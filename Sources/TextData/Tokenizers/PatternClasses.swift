/// The classes `\w`, `\d`, `[:word:]`, `[:alnum:]` and `[:print:]` of a regular expression, by their definition in Unicode Technical Standard #18,
/// Annex C, and their complements and forms with `\p`.
///
/// With matching by scalars, those of Swift 6.3 are others: `\w` matches no digit and no `_` directly before a scalar from U+0300 on, such as a
/// dash, and no digit outside ASCII; `[:word:]` also matches a dash; `\p{Any}` matches several scalars; `\d` and `[:alnum:]` also match fractions; `[:print:]` unassigned characters.
enum PatternClasses {
    private static let word = #"0-9A-Z_a-z\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u{200C}\u{200D}"#
    private static let classes: [Unicode.Scalar: String] = [
        "w": "[\(word)]", "W": "[^\(word)]", "d": #"\p{Nd}"#, "D": #"\P{Nd}"#,
    ]
    private static let properties = [
        "word": word, "alnum": #"\p{Alphabetic}\p{Nd}"#, "print": #"\p{graph}\p{Zs}"#, "any": #"\s\S"#,
    ]

    /// The pattern with these classes in place of the names. Inside `[...]` they are nested classes. Text between `\Q` and `\E` stays.
    static func spelledOut(_ pattern: String) -> String {
        var rest = pattern.unicodeScalars[...]
        var result = String.UnicodeScalarView()
        while let scalar = rest.first {
            if let replacement = property(&rest, from: "[:", to: ":]") ?? property(&rest, from: #"\p{"#, to: "}")
                ?? property(&rest, from: #"\P{"#, to: "}", isNegated: true)
            {
                result.append(contentsOf: replacement.unicodeScalars)
            } else if scalar == "\\" {
                result.append(contentsOf: escape(&rest))
            } else {
                result.append(rest.removeFirst())
            }
        }
        return String(result)
    }

    /// Whether a pattern certainly has no anchor, boundary or look-around. False for any other part than characters, classes and plain groups.
    static func ignoresTextBefore(_ pattern: String) -> Bool {
        var previous: Unicode.Scalar = " "
        var rest = pattern.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\\":
                guard let name = rest.popFirst() else { return false }
                let isPlain = name.isASCII && !name.properties.isAlphabetic
                guard isPlain || "wWdDsSpPtu".unicodeScalars.contains(name) else { return false }
                previous = " "
                continue
            case "^": if previous != "[" { return false }
            case "$": return false
            case "(": if rest.first == "*" || rest.first == "?" && rest.dropFirst().first != ":" { return false }
            default: break
            }
            previous = scalar
        }
        return true
    }

    /// Why a regular expression cannot be a pattern of tokens: it has an option that the spelled-out classes would not heed, or `\G`. Nil if it can.
    static func unusablePart(of pattern: String) -> String? {
        var rest = pattern.unicodeScalars[...]
        var depth = 0
        var (ignoresCase, refers) = (false, false)
        while let scalar = rest.first {
            if scalar == "\\" {
                let name = rest.dropFirst().first
                if name == "G" {
                    return #"\G is not supported; leave it out, because a token always begins where the one before ends"#
                }
                refers = refers || name.map("123456789kg".unicodeScalars.contains) == true
                _ = escape(&rest)
                continue
            }
            ignoresCase = ignoresCase || options(rest).contains("i")
            refers = refers || rest.starts(with: "(?P=".unicodeScalars)
            // A comment may have a bracket, which is no start of a class.
            if depth == 0 || pattern.contains("#"), let option = asciiOption(rest) {
                return "the option (?\(option)) is not supported; write classes of ASCII, such as [0-9A-Za-z_] or [0-9], instead"
            }
            rest.removeFirst()
            if scalar == "[" {
                depth += 1
                // A bracket directly after the start of a class is one of its characters.
                if rest.first == "^" { rest.removeFirst() }
                if rest.first == "]" { rest.removeFirst() }
            } else if scalar == "]", depth > 0 {
                depth -= 1
            }
        }
        // Swift 6.3 compares the text of a reference with case.
        return ignoresCase && refers ? "a reference to a group, such as \\1, is not supported together with the option (?i)" : nil
    }

    /// The option `W`, `D` or `P` that a group at the start of `rest` sets.
    private static func asciiOption(_ rest: Substring.UnicodeScalarView) -> Unicode.Scalar? {
        options(rest).first { $0 == "W" || $0 == "D" || $0 == "P" }
    }

    /// The options that a group at the start of `rest` sets; empty for other text.
    private static func options(_ rest: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
        guard rest.starts(with: "(?".unicodeScalars) else { return rest.prefix(0) }
        let options = rest.dropFirst(2).prefix {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || "^-{}".unicodeScalars.contains($0)
        }
        // `(?P<name>...)` is a group with a name.
        guard let next = rest[options.endIndex...].first, next == ")" || next == ":" else { return rest.prefix(0) }
        return options.prefix { $0 != "-" }
    }

    /// Removes a property of `properties` between two marks from the start of `rest`. Returns what takes its place; nil for other text.
    private static func property(
        _ rest: inout Substring.UnicodeScalarView, from start: String, to end: String, isNegated: Bool = false
    ) -> String? {
        guard rest.starts(with: start.unicodeScalars) else { return nil }
        let content = rest.dropFirst(start.unicodeScalars.count)
        let name = content.prefix { $0 != end.unicodeScalars.first }
        let after = content[name.endIndex...]
        guard after.starts(with: end.unicodeScalars) else { return nil }
        let hasCaret = name.first == "^"
        // Unicode's names do not depend on case, spaces, `_` and `-`.
        let key = String(hasCaret ? name.dropFirst() : name).lowercased().filter { !" _-".contains($0) }
        guard let members = properties[key] else { return nil }
        rest = after.dropFirst(end.unicodeScalars.count)
        return hasCaret != isNegated ? "[^\(members)]" : "[\(members)]"
    }

    /// Removes an escape, which begins with `\`, from the start of `rest`. Returns what takes its place.
    private static func escape(_ rest: inout Substring.UnicodeScalarView) -> String.UnicodeScalarView {
        var result = String.UnicodeScalarView([rest.removeFirst()])
        guard let name = rest.popFirst() else { return result }
        if let replacement = classes[name] { return replacement.unicodeScalars }
        result.append(name)
        guard name == "Q" else { return result }
        while let scalar = rest.popFirst() {
            result.append(scalar)
            if scalar == "\\", rest.first == "E" { break }
        }
        return result
    }
}
