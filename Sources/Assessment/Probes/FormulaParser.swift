import TextData

/// Why a formula is not valid.
struct FormulaFault: Error {
    let reason: String
}

/// Parses the formulas of SyntaxGym: `(6;%match%) < (6;%mismatch%)`.
///
/// `(n;%condition%)` is the surprisal of a region in bits, `(*;%condition%)` that of all regions. `+` and `-` bind more tightly than `<`, `>` and `=`, and these more
/// tightly than `&` and `|`. Brackets may be round or square.
struct FormulaParser {
    private enum Node {
        case quantity(Quantity)
        case claim(Claim)
    }

    private let text: [Character]
    private let conditions: [SuiteCondition]
    private var position = 0
    /// The number of open brackets, each of which takes a part of the stack.
    private var depth = 0
    private static let deepest = 100

    /// The claim that a formula makes of the sentences `conditions`.
    static func claim(_ formula: String, _ conditions: [SuiteCondition]) throws(FormulaFault) -> Claim {
        var parser = FormulaParser(text: formula.filter { !$0.isWhitespace }.map { $0 }, conditions: conditions)
        guard case .claim(let claim) = try parser.alternatives() else { throw FormulaFault(reason: "it compares nothing") }
        guard parser.position == parser.text.count else {
            throw FormulaFault(reason: "'\(String(parser.text[parser.position...]))' cannot follow")
        }
        return claim
    }

    private init(text: [Character], conditions: [SuiteCondition]) { (self.text, self.conditions) = (text, conditions) }

    private var next: Character? { position < text.count ? text[position] : nil }

    private mutating func takes(_ symbols: Character...) -> Character? {
        guard let next, symbols.contains(next) else { return nil }
        position += 1
        return next
    }

    private mutating func alternatives() throws(FormulaFault) -> Node {
        var left = try comparison()
        while let symbol = takes("&", "|") {
            guard case .claim(let a) = left, case .claim(let b) = try comparison() else {
                throw FormulaFault(reason: "'\(symbol)' must stand between comparisons")
            }
            left = .claim(symbol == "&" ? .both(a, b) : .either(a, b))
        }
        return left
    }

    private mutating func comparison() throws(FormulaFault) -> Node {
        let left = try sum()
        guard let symbol = takes("<", ">", "=") else { return left }
        guard case .quantity(let a) = left, case .quantity(let b) = try sum() else {
            throw FormulaFault(reason: "'\(symbol)' must stand between surprisals")
        }
        return .claim(symbol == "<" ? .less(a, b) : symbol == ">" ? .less(b, a) : .equal(a, b))
    }

    private mutating func sum() throws(FormulaFault) -> Node {
        var left = try operand()
        while let symbol = takes("+", "-") {
            guard case .quantity(let a) = left, case .quantity(let b) = try operand() else {
                throw FormulaFault(reason: "'\(symbol)' must stand between surprisals")
            }
            left = .quantity(symbol == "+" ? .sum(a, b) : .difference(a, b))
        }
        return left
    }

    private mutating func operand() throws(FormulaFault) -> Node {
        if let open = takes("(", "[") {
            if open == "(", let region = try region() { return .quantity(region) }
            guard depth < Self.deepest else { throw FormulaFault(reason: "more than \(Self.deepest) brackets are open") }
            depth += 1
            defer { depth -= 1 }
            let inner = try alternatives()
            guard takes(open == "(" ? ")" : "]") != nil else { throw FormulaFault(reason: "a bracket is not closed") }
            return inner
        }
        let digits = text[position...].prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(String(digits)) else {
            throw FormulaFault(reason: next.map { "'\($0)' is no region" } ?? "it ends where a region is missing")
        }
        position += digits.count
        return .quantity(.literal(number))
    }

    /// The rest of `(n;%condition%)`, after its bracket; nil for other content of a bracket.
    private mutating func region() throws(FormulaFault) -> Quantity? {
        let number = text[position...].prefix { $0.isNumber || $0 == "*" }
        let start = position + number.count
        guard start + 1 < text.count, text[start] == ";", text[start + 1] == "%" else { return nil }
        let name = text[(start + 2)...].prefix { $0 != "%" }
        let end = start + 2 + name.count
        guard end + 1 < text.count, text[end + 1] == ")" else { throw FormulaFault(reason: "a bracket is not closed") }
        position = end + 2
        return .surprisal(try measured(String(number), String(name)))
    }

    private func measured(_ number: String, _ name: String) throws(FormulaFault) -> Measured {
        guard let text = conditions.firstIndex(where: { ExactText($0.name) == ExactText(name) }) else {
            throw FormulaFault(reason: "no condition has the name '\(name)'")
        }
        if number == "*" { return .pieces(text: text, 0..<conditions[text].pieces.count) }
        guard let piece = conditions[text].numbers.firstIndex(where: { "\($0)" == number }) else {
            throw FormulaFault(reason: "the condition '\(name)' has no region \(number)")
        }
        return .pieces(text: text, piece..<(piece + 1))
    }
}
