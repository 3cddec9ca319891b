public import Failures
public import Kinds

/// A configuration that is not valid for training or for resuming a run.
public enum ConfigurationError: UserFacingError, Equatable {
    /// A value of another type than its key's, or out of range. `expected` completes "it must be".
    case invalid(key: ConfigurationKey, value: String, expected: String)
    /// An invalid value of an option that is not a configuration key. The option includes its dashes.
    case invalidOption(option: String, value: String, expected: String)
    /// Keys whose values exclude each other. `message` contains the keys, their values and advice.
    case conflict(keys: [ConfigurationKey], message: String)
    /// A required key is not set.
    case missing(key: ConfigurationKey, advice: String)
    /// Keys that may not change on resume, and that differ from the stored run.
    case changedOnResume([ConfigurationChange])

    public var exitStatus: ExitStatus { .usage }

    public var description: String {
        switch self {
        case .invalid(let key, let value, let expected):
            "\(key.option) is \(value: value); it must be \(expected)."
        case .invalidOption(let option, let value, let expected):
            "\(option) is \(value: value); it must be \(expected)."
        case .conflict(_, let message):
            message
        case .missing(let key, let advice):
            "\(key.option) is not set: \(advice)."
        case .changedOnResume(let changes):
            "a resumed run cannot change \(changes.map(\.description).joined(separator: "; ")). "
                + "Keep the stored values, or start a new run in another folder."
        }
    }
}

/// A key whose value differs from that of the run to resume.
public struct ConfigurationChange: Equatable, Sendable, CustomStringConvertible {
    public let key: ConfigurationKey
    /// The value of the stored run, as in a file; nil if it is not set.
    public let stored: ConfigurationValue?
    /// The requested value; nil if it is not set.
    public let requested: ConfigurationValue?

    public init(key: ConfigurationKey, stored: ConfigurationValue?, requested: ConfigurationValue?) {
        self.key = key
        self.stored = stored
        self.requested = requested
    }

    public var description: String {
        "\(key.option) from \(value: stored?.description ?? "not set") to \(value: requested?.description ?? "not set")"
    }
}
