/// The classes `\w`, `\W`, `\d`, `\D` and `[:word:]` of a regular expression, by their definition in Unicode Technical Standard #18, Annex C.
///
/// With matching by scalars, those of Swift 6.3 are others: `\w` matches no digit and no `_` directly before a scalar from U+0300 on, such as a
/// dash, and no digit outside ASCII; `\d` also matches fractions and Roman numerals.
enum PatternClasses {
    private static let word = #"0-9A-Z_a-z\p{Alphabetic}\p{M}\p{Nd}\p{Pc}"#
    private static let classes: [Unicode.Scalar: String] = [
        "w": "[\(word)]", "W": "[^\(word)]", "d": #"\p{Nd}"#, "D": #"\P{Nd}"#,
    ]
    private static let posixWord = "[:word:]"

    /// The pattern with these classes in place of the names. Inside `[...]` they are nested classes. Text between `\Q` and `\E` stays.
    static func spelledOut(_ pattern: String) -> String {
        var rest = pattern.unicodeScalars[...]
        var result = String.UnicodeScalarView()
        while let scalar = rest.first {
            if rest.starts(with: posixWord.unicodeScalars) {
                rest.removeFirst(posixWord.unicodeScalars.count)
                result.append(contentsOf: "[\(word)]".unicodeScalars)
            } else if scalar == "\\" {
                result.append(contentsOf: escape(&rest))
            } else {
                result.append(rest.removeFirst())
            }
        }
        return String(result)
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
