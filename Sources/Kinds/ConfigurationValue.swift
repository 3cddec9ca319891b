import Failures

/// A configuration value as in a TOML or JSON file, before conversion to a type.
public enum ConfigurationValue: Equatable, Sendable {
    case text(String)
    case integer(Int)
    case number(Double)
    case flag(Bool)
    /// An array of TOML or JSON: `[2000, 10000]`.
    case integers([Int])

    /// Texts are equal if their bytes are: two Unicode forms of a pattern or a label match different texts.
    public static func == (one: ConfigurationValue, other: ConfigurationValue) -> Bool {
        switch (one, other) {
        case (.text(let one), .text(let other)): one.utf8.elementsEqual(other.utf8)
        case (.integer(let one), .integer(let other)): one == other
        case (.number(let one), .number(let other)): one == other
        case (.flag(let one), .flag(let other)): one == other
        case (.integers(let one), .integers(let other)): one == other
        default: false
        }
    }
}

extension ConfigurationValue: CustomStringConvertible {
    /// The bare value, as on the command line.
    public var description: String {
        switch self {
        case .text(let text): text
        case .integer(let integer): String(integer)
        case .number(let number): String(number)
        case .flag(let flag): String(flag)
        case .integers(let integers): integers.map(String.init).joined(separator: ",")
        }
    }

    /// The kind of the value and the value, for messages: `the text "abc"`.
    package var found: String {
        switch self {
        case .text(let text): "the string \"\(Quotation.of(text))\""
        case .integer(let integer): "the whole number \(integer)"
        case .number(let number): "the number \(number)"
        case .flag(let flag): "\(flag)"
        case .integers(let integers): "the array \(integers)"
        }
    }

    /// The value in TOML.
    package var toml: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .integers(let integers): "\(integers)"
        case .integer, .number, .flag: description
        }
    }

    /// A TOML basic string, with quotes, backslashes and control characters escaped.
    package static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\u{0}"..."\u{1F}", "\u{7F}": "\\u" + fourHexDigits(scalar.value)
            default: String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }

    private static func fourHexDigits(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}

extension ConfigurationValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let integer = try? container.decode(Int.self) {
            self = .integer(integer)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let integers = try? container.decode([Int].self) {
            self = .integers(integers)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .integer(let integer): try container.encode(integer)
        case .number(let number): try container.encode(number)
        case .flag(let flag): try container.encode(flag)
        case .integers(let integers): try container.encode(integers)
        }
    }
}
