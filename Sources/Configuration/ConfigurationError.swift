public import Failures
public import Kinds

/// A configuration that no run can be trained or resumed with.
public enum ConfigurationError: UserFacingError, Equatable {
    /// A value that is of another kind than its key's, or out of its range. `expected` completes "it must be".
    case invalid(key: ConfigurationKey, value: String, expected: String)
    /// The same for an option that is no key of a configuration, with its dashes.
    case invalidOption(option: String, value: String, expected: String)
    /// Keys whose values exclude each other. `message` names them, their values and what to do.
    case conflict(keys: [ConfigurationKey], message: String)
    /// A required key.
    case missing(key: ConfigurationKey, advice: String)
    /// Keys that a resumed run must not change, and that differ from those of the stored run.
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

/// One key whose value differs from that of the run to be resumed.
public struct ConfigurationChange: Equatable, Sendable, CustomStringConvertible {
    public let key: ConfigurationKey
    /// The value of the stored run, as a file spells it; nil if it is not set.
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
