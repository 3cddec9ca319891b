import Failures
import Kinds

/// The position and the reason of a syntax error. Lines and columns count from 1, columns in Unicode scalars.
struct TOMLFault: Error {
    let line: Int
    let column: Int
    let reason: String
}

/// An assignment `key = value` of a TOML text.
struct TOMLAssignment {
    enum Value {
        case scalar(ConfigurationValue)
        case table(TableForm)
        /// A value that no configuration key accepts: `an array`, `a date`, or `the number 1e999`, which cannot be represented.
        case other(String)
    }

    /// The syntax of a table.
    enum TableForm {
        /// `[model]`
        case section
        /// `model.layers = 2`; the associated value is the last part of the key.
        case dotted(String)
        /// `model = { layers = 2 }`
        case inline
    }

    let key: String
    let line: Int
    let column: Int
    let value: Value
}

/// Parses the part of TOML 1.0 that configurations use: strings, numbers, flags and arrays of whole numbers under top-level keys.
/// Skips a byte-order mark.
///
/// No configuration key accepts another array, a table or a date. The reader reports the first of these by its kind, and stops. It
/// examines every scalar once, for any text, and nothing nests.
struct TOMLReader {
    private var cursor: TOMLCursor
    private var assignments: [TOMLAssignment] = []
    private var keys: Set<String> = []
    private var isOver = false

    /// The assignments of a text, in order.
    static func assignments(in text: String) throws(TOMLFault) -> [TOMLAssignment] {
        var reader = TOMLReader(cursor: TOMLCursor(text))
        if reader.cursor.next == "\u{FEFF}" { reader.cursor = TOMLCursor(String(text.unicodeScalars.dropFirst())) }
        while !reader.isOver { try reader.readLine() }
        return reader.assignments
    }

    private init(cursor: TOMLCursor) { self.cursor = cursor }

    /// Reads an assignment, the head of a table, a comment, or an empty line.
    private mutating func readLine() throws(TOMLFault) {
        cursor.skipBlanks()
        switch cursor.next {
        case nil: isOver = true
        case "#", "\n", "\r": try cursor.endLine()
        case "[": try readTableHead()
        default: try readAssignment()
        }
    }

    private mutating func readTableHead() throws(TOMLFault) {
        let place = cursor
        while cursor.next == "[" || cursor.isAtBlank { cursor.advance() }
        try add(try readKey(), at: place, .table(.section))
    }

    private mutating func readAssignment() throws(TOMLFault) {
        let place = cursor
        let key = try readKey()
        cursor.skipBlanks()
        if cursor.next == "." { return try add(key, at: place, .table(.dotted(try readLastPart()))) }
        guard cursor.next == "=" else { throw cursor.fault("expected '=' between the key and its value") }
        cursor.advance()
        cursor.skipBlanks()
        try add(key, at: place, try TOMLValue.read(&cursor))
        if !isOver { try cursor.endLine() }
    }

    /// Reads a dotted key, and returns the part after the last dot.
    private mutating func readLastPart() throws(TOMLFault) -> String {
        var part = ""
        while cursor.next == "." {
            cursor.advance()
            cursor.skipBlanks()
            part = try readKey()
            cursor.skipBlanks()
        }
        return part
    }

    private mutating func readKey() throws(TOMLFault) -> String {
        if cursor.next == "\"" || cursor.next == "'" { return try TOMLString.read(&cursor, mayBeLong: false) }
        let key = cursor.take { $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-" || $0 == "_") }
        guard !key.isEmpty else {
            let isComment = cursor.next == ";" || cursor.isAt("//")
            throw cursor.fault(isComment ? "comments begin with #" : "expected a key, as in hidden-size = 200")
        }
        return key
    }

    private mutating func add(_ key: String, at place: TOMLCursor, _ value: TOMLAssignment.Value) throws(TOMLFault) {
        guard keys.insert(key).inserted else {
            throw place.fault("duplicate key '\(value: key)'; delete one of the two")
        }
        assignments.append(TOMLAssignment(key: key, line: place.line, column: place.column, value: value))
        switch value {
        case .scalar: break
        case .table, .other: isOver = true
        }
    }
}

/// A position in a text.
struct TOMLCursor {
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private(set) var line = 1
    private var lineStart = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    var column: Int { index - lineStart + 1 }

    /// The scalar at this position; nil at the end.
    var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    var isAtBlank: Bool { next == " " || next == "\t" }

    /// Whether `text` follows at this position.
    func isAt(_ text: String) -> Bool { scalars[index...].starts(with: text.unicodeScalars) }

    mutating func advance() {
        guard index < scalars.count else { return }
        index += 1
        if scalars[index - 1] == "\n" { (line, lineStart) = (line + 1, index) }
    }

    mutating func advance(by count: Int) {
        for _ in 0..<count { advance() }
    }

    mutating func skipBlanks() {
        while isAtBlank { advance() }
    }

    /// Consumes the following scalars that satisfy the condition, and returns them.
    mutating func take(while isWanted: (Unicode.Scalar) -> Bool) -> String {
        var taken = String.UnicodeScalarView()
        while let scalar = next, isWanted(scalar) {
            taken.append(scalar)
            advance()
        }
        return String(taken)
    }

    /// Consumes blanks, a comment and the line end. Nothing else may follow at this position.
    mutating func endLine() throws(TOMLFault) {
        skipBlanks()
        if next == "#" {
            while let scalar = next, scalar != "\n", !isAt("\r\n") {
                if Self.isForbidden(scalar) { throw fault("unexpected control character") }
                advance()
            }
        }
        if isAt("\r\n") { advance() }
        guard next == nil || next == "\n" else {
            throw fault(
                next == "\r"
                    ? "carriage return without a line feed; save the file with line ends LF or CR LF"
                    : "expected the end of the line, or a comment that begins with #")
        }
        advance()
    }

    /// Control characters, except the tabulator.
    static func isForbidden(_ scalar: Unicode.Scalar) -> Bool { (scalar.value < 0x20 && scalar != "\t") || scalar.value == 0x7f }

    /// A fault at this position.
    func fault(_ reason: String) -> TOMLFault { TOMLFault(line: line, column: column, reason: reason) }
}
