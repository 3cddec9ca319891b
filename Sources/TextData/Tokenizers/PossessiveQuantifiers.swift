/// Writes the possessive quantifiers of a regular expression as atomic groups, `(?>a*)` for `a*+`, which mean the same.
///
/// Swift 6.3 gives characters back in some of the former, such as `\w?+` and `(?:a|ab)++`, and never in the latter.
struct PossessiveQuantifiers {
    private var rest: Substring.UnicodeScalarView
    private var result: [Unicode.Scalar] = []
    /// The place in `result` at which the part begins that a quantifier would repeat; nil where none may stand.
    private var atom: Int?
    /// The places of the groups that are open.
    private var groups: [Int] = []

    /// The pattern with atomic groups.
    static func spelledOut(_ pattern: String) -> String {
        var writer = PossessiveQuantifiers(rest: pattern.unicodeScalars[...])
        while let scalar = writer.rest.first { writer.take(scalar) }
        return String(String.UnicodeScalarView(writer.result))
    }

    private init(rest: Substring.UnicodeScalarView) { self.rest = rest }

    private mutating func take(_ scalar: Unicode.Scalar) {
        if let length = quantifierLength() { return takeQuantifier(length) }
        let start = result.count
        switch scalar {
        case "\\": takeEscape()
        case "[": takeClass()
        case "(":
            groups.append(start)
            move(1)
            atom = nil
            return
        case ")":
            move(1)
            atom = groups.popLast()
            return
        default: move(1)
        }
        atom = scalar == "|" ? nil : start
    }

    /// The scalars of a quantifier at the start of `rest`, without the sign that makes it possessive or lazy; nil if there is none.
    private func quantifierLength() -> Int? {
        guard atom != nil, let first = rest.first else { return nil }
        if first == "*" || first == "+" || first == "?" { return 1 }
        guard first == "{" else { return nil }
        let content = rest.dropFirst().prefix { ("0"..."9").contains($0) || $0 == "," || $0 == " " }
        return content.isEmpty || rest[content.endIndex...].first != "}" ? nil : content.count + 2
    }

    private mutating func takeQuantifier(_ length: Int) {
        move(length)
        let kind = rest.first
        guard kind == "+" || kind == "?" else { return }
        if kind == "?" { return move(1) }
        rest.removeFirst()
        result.insert(contentsOf: "(?>".unicodeScalars, at: atom ?? 0)
        result.append(")")
    }

    /// An escape with its argument, such as `\p{L}` and `\u{e9}`. Of a text between `\Q` and `\E`, only the last character is repeated.
    private mutating func takeEscape() {
        move(1)
        guard let name = rest.first else { return }
        move(1)
        if name == "Q" {
            while let scalar = rest.first {
                move(1)
                if scalar == "\\", rest.first == "E" { return move(1) }
            }
        }
        if "pPxuUNkg".unicodeScalars.contains(name), let open = rest.first, let close = Self.closing[open] {
            while let scalar = rest.first {
                move(1)
                if scalar == close { return }
            }
        }
        let digits = ["x": 2, "u": 4, "U": 8][name] ?? (("0"..."9").contains(name) ? 2 : 0)
        move(rest.prefix(digits).prefix { $0.properties.isASCIIHexDigit }.count)
    }

    private static let closing: [Unicode.Scalar: Unicode.Scalar] = ["{": "}", "<": ">", "'": "'"]

    /// A class with the classes in it. A bracket directly after the start is one of its characters.
    private mutating func takeClass() {
        move(1)
        if rest.first == "^" { move(1) }
        if rest.first == "]" { move(1) }
        while let scalar = rest.first, scalar != "]" {
            if scalar == "\\" { takeEscape() } else if scalar == "[" { takeClass() } else { move(1) }
        }
        move(1)
    }

    private mutating func move(_ count: Int) {
        result += rest.prefix(count)
        rest = rest.dropFirst(count)
    }
}
