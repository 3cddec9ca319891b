import Failures

/// A type of configuration values.
public protocol ConfigurationScalar: Equatable, Sendable {
    /// What a file must contain for this type, for messages: `a whole number`.
    static var expectation: String { get }

    /// The values as texts, if they are a short list; otherwise empty.
    static var choices: [String] { get }

    /// Converts a value; nil if it has another kind or is not in the list of choices.
    init?(configurationValue: ConfigurationValue)

    /// Converts an argument of the command line; nil if it has another kind or is not in the list of choices.
    init?(argumentText argument: String)

    /// The value as in a file. `init(configurationValue:)` converts it back.
    var configurationValue: ConfigurationValue { get }
}

extension ConfigurationScalar {
    public static var choices: [String] { [] }

    /// Converts the text like quoted text in a file.
    public init?(argumentText argument: String) { self.init(configurationValue: .text(argument)) }
}

extension Bool: ConfigurationScalar {
    public static var expectation: String { "true or false" }

    public init?(configurationValue: ConfigurationValue) {
        guard case .flag(let flag) = configurationValue else { return nil }
        self = flag
    }

    public init?(argumentText argument: String) { self.init(argument) }

    public var configurationValue: ConfigurationValue { .flag(self) }
}

extension Int: ConfigurationScalar {
    public static var expectation: String { "a whole number" }

    public init?(configurationValue: ConfigurationValue) {
        guard case .integer(let integer) = configurationValue else { return nil }
        self = integer
    }

    public init?(argumentText argument: String) { self.init(argument) }

    public var configurationValue: ConfigurationValue { .integer(self) }
}

extension Double: ConfigurationScalar {
    public static var expectation: String { "a number" }

    /// Also accepts whole numbers, as in `clip = 1`. A negative zero becomes zero.
    public init?(configurationValue: ConfigurationValue) {
        switch configurationValue {
        case .number(let number): self = number + 0
        case .integer(let integer): self = Double(integer)
        case .text, .flag, .integers: return nil
        }
    }

    public init?(argumentText argument: String) {
        guard let number = Double(spelled: argument) else { return nil }
        self = number + 0
    }

    /// Parses a decimal number; nil if the text is not one, or is out of the range of `Double`: `1e400` is not infinity, and `1e-400` is not
    /// zero.
    package init?(spelled text: String) {
        guard let number = Double(decimal: text) else { return nil }
        let digits = text.prefix { $0 != "e" && $0 != "E" }
        if number == 0, digits.contains(where: { ("1"..."9").contains($0) }) { return nil }
        self = number
    }

    public var configurationValue: ConfigurationValue { .number(self) }
}

extension String: ConfigurationScalar {
    public static var expectation: String { "a string in quotes" }

    public init?(configurationValue: ConfigurationValue) {
        guard case .text(let text) = configurationValue else { return nil }
        self = text
    }

    public var configurationValue: ConfigurationValue { .text(self) }
}

/// A choice from a short list. The raw value is its name.
public protocol ConfigurationChoice: ConfigurationScalar, RawRepresentable, CaseIterable where RawValue == String {}

extension ConfigurationChoice {
    public static var expectation: String {
        "one of " + choices.map { "\"\($0)\"" }.joined(separator: ", ")
    }

    public static var choices: [String] { allCases.map(\.rawValue) }

    public init?(configurationValue: ConfigurationValue) {
        guard case .text(let text) = configurationValue else { return nil }
        self.init(rawValue: text)
    }

    public var configurationValue: ConfigurationValue { .text(rawValue) }
}
