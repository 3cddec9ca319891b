/// The name of a configuration key: in TOML, in JSON, and after two dashes on the command line.
public struct ConfigurationKey: RawRepresentable, Hashable, CodingKey, Sendable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public init(_ name: String) { rawValue = name }

    /// The long option of the command line: `--batch-size`.
    public var option: String { "--" + rawValue }

    public init(stringValue: String) { rawValue = stringValue }
    /// The name, for `CodingKey`.
    public var stringValue: String { rawValue }
    /// Nil: keys are not indices.
    public init?(intValue: Int) { return nil }
    /// Nil: a key is no number.
    public var intValue: Int? { nil }
}

extension ConfigurationKey: ExpressibleByStringLiteral {
    public init(stringLiteral name: String) { rawValue = name }
}
