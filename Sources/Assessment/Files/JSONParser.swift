import Failures
import TextData

/// A JSON text that is not valid.
package struct JSONFault: Error, Equatable {
    /// From 1, in the text.
    package let line: Int
    package let reason: String
}

/// Parses JSON (RFC 8259) from UTF-8.
///
/// Foundation's parsers lose the order of members, the digits of numbers and the lines of values: a rescored list must keep the first two, and
/// a message about a test suite names the line.
package struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private var line: Int
    private static let deepest = 64

    /// The value of a text that holds nothing else. `line` is the number of its first line.
    package static func parse(_ text: String, line: Int = 1) throws(JSONFault) -> JSONElement {
        var parser = JSONParser(bytes: Array(text.utf8), line: line)
        let element = try parser.element(depth: 0)
        parser.skipBlanks()
        guard parser.position == parser.bytes.count else { throw parser.fault("there is text after the end of the JSON value") }
        return element
    }

    private init(bytes: [UInt8], line: Int) { (self.bytes, self.line) = (bytes, line) }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func fault(_ reason: String) -> JSONFault { JSONFault(line: line, reason: reason) }

    private mutating func skipBlanks() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
            if byte == 0x0A { line += 1 }
            position += 1
        }
    }

    /// Passes over `symbol` after blanks; false if something else is there.
    private mutating func takes(_ symbol: Character) -> Bool {
        skipBlanks()
        guard let byte = next, byte == symbol.asciiValue else { return false }
        position += 1
        return true
    }

    private mutating func element(depth: Int) throws(JSONFault) -> JSONElement {
        guard depth <= Self.deepest else { throw fault("the JSON is nested more than \(Self.deepest) levels deep") }
        skipBlanks()
        let start = line
        guard let byte = next else { throw fault("the JSON ends where a value is missing") }
        switch byte {
        case UInt8(ascii: "{"): return JSONElement(.object(try members(depth)), line: start)
        case UInt8(ascii: "["): return JSONElement(.array(try elements(depth)), line: start)
        case UInt8(ascii: "\""): return JSONElement(.string(try string()), line: start)
        default: return JSONElement(try scalar(), line: start)
        }
    }

    private mutating func members(_ depth: Int) throws(JSONFault) -> [JSONMember] {
        var members: [JSONMember] = []
        var names: Set<ExactText> = []
        _ = takes("{")
        if takes("}") { return members }
        repeat {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw fault("a name in quotation marks is missing in a JSON object") }
            let name = try string()
            guard names.insert(ExactText(name)).inserted else {
                throw fault("the name '\(value: name)' is in a JSON object twice")
            }
            guard takes(":") else { throw fault("a colon is missing after '\(name)'") }
            members.append(JSONMember(name, try element(depth: depth + 1)))
        } while takes(",")
        guard takes("}") else { throw fault("a comma or '}' is missing in a JSON object") }
        return members
    }

    private mutating func elements(_ depth: Int) throws(JSONFault) -> [JSONElement] {
        var elements: [JSONElement] = []
        _ = takes("[")
        if takes("]") { return elements }
        repeat { elements.append(try element(depth: depth + 1)) } while takes(",")
        guard takes("]") else { throw fault("a comma or ']' is missing in a JSON array") }
        return elements
    }

    private mutating func scalar() throws(JSONFault) -> JSONValue {
        let start = position
        while let byte = next, !",]}:\" \t\r\n".utf8.contains(byte) { position += 1 }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        switch word {
        case "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default:
            guard word.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil else {
                throw fault("'\(word.prefix(40))' is not a JSON value")
            }
            guard let value = Double(word), value.isFinite else {
                throw fault("the number \(word.prefix(40)) is too large")
            }
            return .number(word)
        }
    }

    private mutating func string() throws(JSONFault) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text += try escaped().utf8
            case ..<0x20: throw fault("a JSON string contains a line end or another control character")
            default: text.append(byte)
            }
        }
        throw fault("the quotation mark at the end of a JSON string is missing")
    }

    private mutating func escaped() throws(JSONFault) -> String {
        guard let byte = next else { throw fault("a JSON string ends after a backslash") }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(Unicode.Scalar(byte))
        case UInt8(ascii: "u"): return try scalarOfDigits()
        default: throw fault("a JSON string has an unknown escape")
        }
    }

    /// The character of four hexadecimal digits, after `\u`; of two such escapes for a surrogate pair. Throws for half of a pair.
    private mutating func scalarOfDigits() throws(JSONFault) -> String {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return String(scalar) }
        guard first < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw fault("a JSON string has half of a surrogate pair") }
        position += 2
        let second = try codeUnit()
        guard (0xDC00..<0xE000).contains(second) else { throw fault("a JSON string has half of a surrogate pair") }
        return String(decoding: [UInt16(first), UInt16(second)], as: UTF16.self)
    }

    private mutating func codeUnit() throws(JSONFault) -> UInt32 {
        let digits = bytes[position..<min(position + 4, bytes.count)]
        guard digits.count == 4, let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw fault("a JSON string has an escape \\u without four digits")
        }
        position += 4
        return value
    }
}
