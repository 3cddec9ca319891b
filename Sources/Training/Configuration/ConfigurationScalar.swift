/// A type that one configuration value can have.
public protocol ConfigurationScalar: Equatable, Sendable {
    /// What a file must hold for this type, for messages: `a whole number`.
    static var expectation: String { get }

    /// The value's meaning, or nil if the value is of another kind or out of its list.
    init?(configurationValue: ConfigurationValue)

    /// The value as a file spells it; `init(configurationValue:)` gives the same back.
    var configurationValue: ConfigurationValue { get }
}

extension Bool: ConfigurationScalar {
    public static var expectation: String { "true or false" }

    public init?(configurationValue: ConfigurationValue) {
        guard case .flag(let flag) = configurationValue else { return nil }
        self = flag
    }

    public var configurationValue: ConfigurationValue { .flag(self) }
}

extension Int: ConfigurationScalar {
    public static var expectation: String { "a whole number" }

    public init?(configurationValue: ConfigurationValue) {
        guard case .integer(let integer) = configurationValue else { return nil }
        self = integer
    }

    public var configurationValue: ConfigurationValue { .integer(self) }
}

extension Double: ConfigurationScalar {
    public static var expectation: String { "a number" }

    /// Takes whole numbers too, as in `clip = 1`.
    public init?(configurationValue: ConfigurationValue) {
        switch configurationValue {
        case .number(let number): self = number
        case .integer(let integer): self = Double(integer)
        case .text, .flag: return nil
        }
    }

    public var configurationValue: ConfigurationValue { .number(self) }
}

extension String: ConfigurationScalar {
    public static var expectation: String { "a text in quotes" }

    public init?(configurationValue: ConfigurationValue) {
        guard case .text(let text) = configurationValue else { return nil }
        self = text
    }

    public var configurationValue: ConfigurationValue { .text(self) }
}

/// A choice from a short list, spelled by its raw value.
public protocol ConfigurationChoice: ConfigurationScalar, RawRepresentable, CaseIterable where RawValue == String {}

extension ConfigurationChoice {
    public static var expectation: String {
        "one of " + allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    }

    public init?(configurationValue: ConfigurationValue) {
        guard case .text(let text) = configurationValue else { return nil }
        self.init(rawValue: text)
    }

    public var configurationValue: ConfigurationValue { .text(rawValue) }
}
