import Failures
import Kinds

/// The values of TOML.
enum TOMLValue {
    /// Reads the value at the cursor. Arrays of other values than whole numbers, tables and dates are recognised but not read.
    static func read(_ cursor: inout TOMLCursor) throws(TOMLFault) -> TOMLAssignment.Value {
        switch cursor.next {
        case "\"", "'": return .scalar(.text(try TOMLString.read(&cursor, mayBeLong: true)))
        case "[": return try array(&cursor).map { .scalar(.integers($0)) } ?? .other("an array")
        case "{": return .table(.inline)
        default: return try word(&cursor)
        }
    }

    /// The whole numbers of an array; nil if it has another value. Comments and line ends may stand between them, and a comma after the last.
    private static func array(_ cursor: inout TOMLCursor) throws(TOMLFault) -> [Int]? {
        let start = cursor
        var integers: [Int] = []
        repeat {
            cursor.advance()
            try skipSpace(&cursor)
            if cursor.next == "]" { break }
            guard let first = cursor.next, !"\"'[{".unicodeScalars.contains(first) else {
                if cursor.next == nil { throw start.fault("this array is not closed") }
                return nil
            }
            guard case .scalar(.integer(let integer)) = try word(&cursor) else { return nil }
            integers.append(integer)
            try skipSpace(&cursor)
        } while cursor.next == ","
        guard cursor.next == "]" else { throw cursor.fault("expected ',' or ']' after a value of an array") }
        cursor.advance()
        return integers
    }

    private static func skipSpace(_ cursor: inout TOMLCursor) throws(TOMLFault) {
        while cursor.isAtBlank || cursor.next == "\n" || cursor.next == "#" || cursor.isAt("\r\n") {
            if cursor.isAtBlank { cursor.skipBlanks() } else { try cursor.endLine() }
        }
    }

    private static func word(_ cursor: inout TOMLCursor) throws(TOMLFault) -> TOMLAssignment.Value {
        let place = cursor
        let word = cursor.take { $0.isASCII && ($0.properties.isAlphabetic || "0123456789+-_.:".unicodeScalars.contains($0)) }
        switch word {
        case "": throw place.fault(startsQuoted(place) ? "expected straight quotes, \" or '" : "expected a value")
        case "true": return .scalar(.flag(true))
        case "false": return .scalar(.flag(false))
        default: break
        }
        if isDate(word) { return .other("the date or time \(value: word) without quotes (as a string: \"\(value: word)\")") }
        guard let number = try number(word, place) else { return .other("the number \(value: word)") }
        return .scalar(number)
    }

    /// Whether a typographic quotation mark follows.
    private static func startsQuoted(_ place: TOMLCursor) -> Bool {
        place.next.map { "\u{2018}\u{2019}\u{201C}\u{201D}\u{AB}\u{BB}`".unicodeScalars.contains($0) } ?? false
    }

    /// The advice for a word that is not a value.
    private static func advice(_ word: String) -> String {
        let lowercased = word.lowercased()
        if ["true", "yes", "on"].contains(lowercased) { return "write true" }
        if ["false", "no", "off"].contains(lowercased) { return "write false" }
        if word.hasPrefix("."), Double(word) != nil { return "write 0\(value: word)" }
        if word.hasSuffix("."), Double(word + "0") != nil { return "write \(value: word)0" }
        if word.first?.isNumber == true, Double(word) != nil { return "write the number without leading zeros" }
        if let nearest = ["true", "false"].first(where: { NearestName.distance(Array(lowercased), Array($0)) == 1 }) {
            return "write \(nearest), or a string in quotes, \"\(value: word)\""
        }
        return "write a string in quotes, \"\(value: word)\""
    }

    /// Whether the word begins like a date, a time or both: `1979-05-27`, `07:32:00`.
    private static func isDate(_ word: String) -> Bool {
        let shape = word.utf8.prefix(8).map { (0x30...0x39).contains($0) ? UInt8(ascii: "0") : $0 }
        return shape.starts(with: "0000-00-".utf8) || shape.starts(with: "00:00".utf8)
    }

    /// The number that a word represents; nil if it cannot be represented. Throws if the word is not a number.
    private static func number(_ word: String, _ place: TOMLCursor) throws(TOMLFault) -> ConfigurationValue? {
        if let special = special(word) { return .number(special) }
        let unsigned = word.first == "+" || word.first == "-" ? word.dropFirst() : word[...]
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where unsigned.hasPrefix(prefix) {
            let digits = word.dropFirst(2)
            guard unsigned == word, isDigits(digits, { $0.hexDigitValue.map { $0 < radix } ?? false }) else {
                throw noValue(word, place)
            }
            return Int(plain(digits), radix: radix).map { .integer($0) }
        }
        let (whole, fraction, exponent) = parts(unsigned)
        guard isDecimal(whole), whole.first != "0" || whole.count == 1, fraction.map(isDecimal) ?? true,
            exponent.map({ isDecimal($0.first == "+" || $0.first == "-" ? $0.dropFirst() : $0) }) ?? true
        else { throw noValue(word, place) }
        if fraction == nil, exponent == nil { return Int(plain(word[...])).map { .integer($0) } }
        return Double(spelled: plain(word[...])).map { .number($0) }
    }

    private static func noValue(_ word: String, _ place: TOMLCursor) -> TOMLFault {
        place.fault("'\(value: word)' is not a value; \(advice(word))")
    }

    /// The digits of a number before and after the point, and those of the exponent with their sign.
    private static func parts(_ number: Substring) -> (whole: Substring, fraction: Substring?, exponent: Substring?) {
        let mark = number.firstIndex { $0 == "e" || $0 == "E" }
        let significand = number[..<(mark ?? number.endIndex)]
        let exponent = mark.map { number[$0...].dropFirst() }
        guard let point = significand.firstIndex(of: ".") else { return (significand, nil, exponent) }
        return (significand[..<point], significand[point...].dropFirst(), exponent)
    }

    private static func isDecimal(_ text: Substring) -> Bool { isDigits(text) { ("0"..."9").contains($0) } }

    /// Whether a text consists of digits, with single underscores between them.
    private static func isDigits(_ text: Substring, _ isDigit: (Character) -> Bool) -> Bool {
        let groups = text.split(separator: "_", omittingEmptySubsequences: false)
        return groups.allSatisfy { !$0.isEmpty && $0.allSatisfy(isDigit) }
    }

    private static func special(_ word: String) -> Double? {
        switch word {
        case "inf", "+inf": .infinity
        case "-inf": -.infinity
        case "nan", "+nan", "-nan": .nan
        default: nil
        }
    }

    private static func plain(_ word: Substring) -> String { word.filter { $0 != "_" } }
}

/// The four kinds of strings of TOML.
enum TOMLString {
    /// Reads the string at the cursor, which is at a quotation mark. A multi-line string is allowed if `mayBeLong`.
    static func read(_ cursor: inout TOMLCursor, mayBeLong: Bool) throws(TOMLFault) -> String {
        let quote = cursor.isAt("\"") ? "\"" : "'"
        let delimiter = mayBeLong && cursor.isAt(quote + quote + quote) ? quote + quote + quote : quote
        let start = cursor
        cursor.advance(by: delimiter.unicodeScalars.count)
        let isLong = delimiter != quote
        if isLong { passLineEnd(&cursor) }
        var text = String.UnicodeScalarView()
        while !cursor.isAt(delimiter) {
            guard let scalar = cursor.next else { throw start.fault("this string is not closed") }
            if scalar == "\\", quote == "\"" {
                try readEscape(&cursor, isLong: isLong, into: &text)
            } else {
                guard isAllowed(scalar, cursor, isLong: isLong) else {
                    throw cursor.fault("line break or control character in a string")
                }
                text.append(scalar)
                cursor.advance()
            }
        }
        cursor.advance(by: delimiter.unicodeScalars.count)
        // Up to two quotation marks before the closing three belong to the text.
        for _ in 0..<2 where isLong && cursor.isAt(quote) {
            text.append(contentsOf: quote.unicodeScalars)
            cursor.advance()
        }
        return String(text)
    }

    private static func isAllowed(_ scalar: Unicode.Scalar, _ cursor: TOMLCursor, isLong: Bool) -> Bool {
        !TOMLCursor.isForbidden(scalar) || (isLong && (scalar == "\n" || cursor.isAt("\r\n")))
    }

    private static func passLineEnd(_ cursor: inout TOMLCursor) {
        if cursor.isAt("\r\n") { cursor.advance() }
        if cursor.next == "\n" { cursor.advance() }
    }

    private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
        "b": "\u{8}", "t": "\t", "n": "\n", "f": "\u{c}", "r": "\r", "\"": "\"", "\\": "\\",
    ]

    private static func readEscape(
        _ cursor: inout TOMLCursor, isLong: Bool, into text: inout String.UnicodeScalarView
    ) throws(TOMLFault) {
        let place = cursor
        cursor.advance()
        if let letter = cursor.next, let meaning = escapes[letter] {
            cursor.advance()
            text.append(meaning)
        } else if cursor.next == "u" || cursor.next == "U" {
            text.append(try codePoint(&cursor, place))
        } else if isLong, cursor.isAtBlank || cursor.next == "\n" || cursor.isAt("\r\n") {
            try passFoldedLines(&cursor, place)
        } else {
            throw place.fault("invalid escape sequence")
        }
    }

    private static func codePoint(_ cursor: inout TOMLCursor, _ place: TOMLCursor) throws(TOMLFault) -> Unicode.Scalar {
        let count = cursor.next == "u" ? 4 : 8
        cursor.advance()
        var digits = ""
        while digits.utf8.count < count, let digit = cursor.next, digit.properties.isASCIIHexDigit {
            digits.unicodeScalars.append(digit)
            cursor.advance()
        }
        guard digits.utf8.count == count, let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
            throw place.fault("this escape sequence is not a Unicode scalar")
        }
        return scalar
    }

    /// A backslash at the end of a line removes the line end and all following blanks and line ends.
    private static func passFoldedLines(_ cursor: inout TOMLCursor, _ place: TOMLCursor) throws(TOMLFault) {
        cursor.skipBlanks()
        guard cursor.next == "\n" || cursor.isAt("\r\n") else { throw place.fault("invalid escape sequence") }
        while cursor.isAtBlank || cursor.next == "\n" || cursor.isAt("\r\n") { cursor.advance() }
    }
}
