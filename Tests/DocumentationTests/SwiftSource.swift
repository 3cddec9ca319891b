import Foundation

/// A Swift file with what is measured of it: the lengths of its functions, and public declarations without documentation.
///
/// It does not parse Swift: it replaces comments and texts with blanks, and then counts braces.
struct SwiftSource {
    let path: String
    private let lines: [Substring]
    /// The lines of the file without comments and texts.
    private let code: [Substring]

    init(_ url: URL, root: URL) throws {
        let text = try String(contentsOf: url, encoding: .utf8)
        path = String(url.path.dropFirst(root.path.count + 1))
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = Self.withoutTexts(text).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The number of lines of the file.
    var lineCount: Int { lines.count - (lines.last == "" ? 1 : 0) }

    /// The Swift files below a folder of the repository.
    static func all(below folder: String) throws -> [SwiftSource] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let below = FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil)
        let files = (below?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
        return try files.map { try SwiftSource($0.standardized, root: root) }
    }

    /// The lines whose code matches a pattern, without indentation.
    func lines(containing pattern: some RegexComponent) -> [String] {
        zip(lines, code).filter { $0.1.contains(pattern) }.map { $0.0.trimmingCharacters(in: .whitespaces) }
    }

    // MARK: Functions

    /// A function, an initialiser or a computed property with braces, from its first line to its last.
    struct Function {
        let place: String
        let lineCount: Int
    }

    /// The functions of the file. A nested function is counted by itself and in the outer one.
    var functions: [Function] {
        code.indices.compactMap { first in
            guard code[first].contains(Self.function), let last = endOfBody(from: first) else { return nil }
            return Function(place: "\(path):\(first + 1)", lineCount: last - first + 1)
        }
    }

    private static nonisolated(unsafe) let function =
        #/^\s*(@\w+ )*([a-z]+(\(set\))? )*(func |init[(<?]|deinit\b|subscript[(<]|var \w+: [^=]*\{$)/#

    /// The line of the brace that ends the body of a declaration; nil if it has no body.
    private func endOfBody(from first: Int) -> Int? {
        var (braces, parentheses, hasBody) = (0, 0, false)
        for index in first..<code.count {
            for character in code[index] {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{" where parentheses == 0 || hasBody: (braces, hasBody) = (braces + 1, true)
                case "}" where hasBody:
                    braces -= 1
                    if braces == 0 { return index }
                case "}" where parentheses == 0: return nil
                default: break
                }
            }
            if !hasBody, parentheses == 0, !continues(after: index) { return nil }
        }
        return nil
    }

    /// Whether the next line goes on with the head of a declaration.
    private func continues(after index: Int) -> Bool {
        guard index + 1 < code.count else { return false }
        return code[index + 1].contains(#/^\s*(\{|throws|rethrows|where|->)/#)
    }

    // MARK: Documentation

    /// The places of public declarations without a comment.
    ///
    /// Without one may be initialisers of properties alone, declarations of `requirements`, settings (whose text is their help), and a
    /// property that follows another one directly, with which it shares the comment.
    func undocumented(requirements: Set<String>) -> [String] {
        lines.indices.filter { index in
            guard let match = lines[index].firstMatch(of: Self.publicDeclaration) else { return false }
            let isProperty = match.1 == "var" || match.1 == "let"
            if match.1 == "init" || requirements.contains(String(match.2)) { return false }
            if lines[index].contains(#/ = (Setting|ConfigurationKey)\(/#) { return false }
            return !isCommented(index, isProperty: isProperty)
        }.map { "\(path):\($0 + 1)" }
    }

    private static nonisolated(unsafe) let publicDeclaration =
        #/^\s*public (?:[a-z]+(?:\(set\))? )*(func|var|let|init|struct|class|enum|protocol|typealias|subscript)\b ?([\w=<]*)/#

    private func isCommented(_ index: Int, isProperty: Bool) -> Bool {
        var before = index - 1
        while before >= 0, lines[before].contains(#/^\s*@/#) { before -= 1 }
        guard before >= 0 else { return false }
        return lines[before].drop { $0 == " " }.hasPrefix("///")
            || (isProperty && lines[before].contains(#/^\s*[a-z()]+ .*\b(var|let) /#))
    }

    /// The names that a protocol of this file requires.
    var requirements: [String] {
        var names: [String] = []
        var isInside = false
        for line in code {
            if line.contains(#/^(public |package )?protocol /#) { isInside = true }
            if line.hasPrefix("}") { isInside = false }
            if isInside, let match = line.firstMatch(of: #/(?:var|func) (\w+)/#) { names.append(String(match.1)) }
        }
        return names
    }

    // MARK: Texts

    /// The text with blanks instead of comments and string literals.
    private static func withoutTexts(_ text: String) -> String {
        var rest = text.utf8[...]
        var result: [UInt8] = []
        while let first = rest.first {
            if rest.starts(with: "//".utf8) {
                rest = rest.drop { $0 != UInt8(ascii: "\n") }
            } else if first == UInt8(ascii: "\"") || rest.starts(with: "#\"".utf8) {
                let literal = literalLength(rest)
                result += rest.prefix(literal).filter { $0 == UInt8(ascii: "\n") }
                rest = rest.dropFirst(literal)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The bytes of the string literal at the start, with its quotation marks.
    private static func literalLength(_ text: Substring.UTF8View) -> Int {
        let isRaw = text.first == UInt8(ascii: "#")
        let quotes = text.dropFirst(isRaw ? 1 : 0).starts(with: "\"\"\"".utf8) ? "\"\"\"" : "\""
        let end = quotes + (isRaw ? "#" : "")
        var rest = text.dropFirst(quotes.utf8.count + (isRaw ? 1 : 0))
        while !rest.isEmpty, !rest.starts(with: end.utf8) {
            if !isRaw, rest.starts(with: "\\(".utf8) {
                rest = rest.dropFirst(interpolationLength(rest))
            } else {
                rest = rest.dropFirst(!isRaw && rest.first == UInt8(ascii: "\\") ? 2 : 1)
            }
        }
        return text.count - rest.count + end.utf8.count
    }

    /// The bytes of `\(...)` at the start.
    private static func interpolationLength(_ text: Substring.UTF8View) -> Int {
        var rest = text.dropFirst(2)
        var depth = 1
        while depth > 0, let first = rest.first {
            if first == UInt8(ascii: "\"") {
                rest = rest.dropFirst(literalLength(rest))
                continue
            }
            depth += first == UInt8(ascii: "(") ? 1 : first == UInt8(ascii: ")") ? -1 : 0
            rest = rest.dropFirst()
        }
        return text.count - rest.count
    }
}
