public import Failures

/// A configuration that cannot be trained with, or not gone on with.
public enum ConfigurationError: UserFacingError, Equatable {
    /// A value that is of another kind than its key's, or out of its range; what is expected completes "it must be".
    case invalid(key: ConfigurationKey, value: String, expected: String)
    /// The same for an option that is no key of a configuration, with its dashes.
    case invalidOption(option: String, value: String, expected: String)
    /// Values that do not go together: what they are, and what to do.
    case conflict(values: [ConfigurationKey: String], advice: String)
    /// A key that is needed here.
    case missing(key: ConfigurationKey, advice: String)
    /// Keys that differ from those of the run to be resumed, and must not.
    case changedOnResume([ConfigurationChange])

    public var exitStatus: ExitStatus { .usage }

    public var description: String {
        switch self {
        case .invalid(let key, let value, let expected):
            "\(key.rawValue) is \(value: value); it must be \(expected)."
        case .invalidOption(let option, let value, let expected):
            "\(option) is \(value: value); it must be \(expected)."
        case .conflict(let values, let advice):
            "\(Self.list(values)) do not go together: \(advice)."
        case .missing(let key, let advice):
            "\(key.rawValue) is not set: \(advice)."
        case .changedOnResume(let changes):
            "a resumed run must keep what decides its numbers, but \(changes.map(\.description).joined(separator: "; ")). "
                + "Leave these as they were, or start a new run in another folder."
        }
    }

    private static func list(_ values: [ConfigurationKey: String]) -> String {
        ConfigurationKey.allCases
            .compactMap { key in values[key].map { "\(key.rawValue) \(value: $0)" } }
            .joined(separator: " and ")
    }
}

/// One key whose value differs from that of the run to be resumed.
public struct ConfigurationChange: Equatable, Sendable, CustomStringConvertible {
    public let key: ConfigurationKey
    /// The value of the stored run, as a file spells it; nil is not set.
    public let stored: ConfigurationValue?
    /// The value now asked for; nil is not set.
    public let requested: ConfigurationValue?

    public init(key: ConfigurationKey, stored: ConfigurationValue?, requested: ConfigurationValue?) {
        self.key = key
        self.stored = stored
        self.requested = requested
    }

    public var description: String {
        "\(key.rawValue) was \(value: stored?.description ?? "not set") and is now \(value: requested?.description ?? "not set")"
    }
}
