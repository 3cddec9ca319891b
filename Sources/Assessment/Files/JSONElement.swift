import Failures

/// A value of a JSON text, with the line on which it begins. Members keep their order, and numbers their digits, so that a document is written as it
/// was read.
package struct JSONElement: Sendable, Equatable {
    package let value: JSONValue
    /// From 1.
    package let line: Int

    package init(_ value: JSONValue, line: Int) { (self.value, self.line) = (value, line) }
}

package indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The digits, as in the text.
    case number(String)
    case string(String)
    case array([JSONElement])
    case object([JSONMember])
}

package struct JSONMember: Sendable, Equatable {
    package let name: String
    package var element: JSONElement

    package init(_ name: String, _ element: JSONElement) { (self.name, self.element) = (name, element) }
}

extension JSONElement {
    /// The text, if the value is one.
    package var string: String? { if case .string(let text) = value { text } else { nil } }
    /// The number, if the value is one.
    package var number: Double? { if case .number(let digits) = value { Double(digits) } else { nil } }
    /// The whole number, if the value is one, also in the form `2.0`.
    package var integer: Int? {
        if case .number(let digits) = value { Int(digits) ?? number.flatMap(Int.init(exactly:)) } else { nil }
    }
    /// The elements, if the value is an array.
    package var elements: [JSONElement]? { if case .array(let elements) = value { elements } else { nil } }
    /// The members, if the value is an object.
    package var members: [JSONMember]? { if case .object(let members) = value { members } else { nil } }

    /// The first member of this name, if the value is an object that has one.
    package subscript(name: String) -> JSONElement? { members?.first { $0.name == name }?.element }

    /// The JSON text, with `indent` blanks for each level; nil for one line.
    package func text(indent: Int? = nil, level: Int = 0) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let digits): digits
        case .string(let text): JSONString.quoted(text)
        case .array(let elements):
            Self.list("[", elements.map { $0.text(indent: indent, level: level + 1) }, "]", indent, level)
        case .object(let members):
            Self.list(
                "{", members.map { "\(JSONString.quoted($0.name)): \($0.element.text(indent: indent, level: level + 1))" }, "}",
                indent, level)
        }
    }

    private static func list(_ open: String, _ items: [String], _ close: String, _ indent: Int?, _ level: Int) -> String {
        guard let indent, !items.isEmpty else { return open + items.joined(separator: ", ") + close }
        let (inner, outer) = (String(repeating: " ", count: indent * (level + 1)), String(repeating: " ", count: indent * level))
        return "\(open)\n\(inner)" + items.joined(separator: ",\n" + inner) + "\n\(outer)\(close)"
    }
}

/// Strings of JSON.
package enum JSONString {
    /// The text in quotation marks, with escapes.
    package static func quoted(_ text: String) -> String {
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": json += "\\\(scalar)"
            case "\n": json += "\\n"
            case "\t": json += "\\t"
            case "\r": json += "\\r"
            case ..<" ":
                let digits = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: json.unicodeScalars.append(scalar)
            }
        }
        return json + "\""
    }
}
