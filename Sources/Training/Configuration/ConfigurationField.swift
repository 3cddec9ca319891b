/// What is known about one key: its theme, its help, and how to read and write it in a configuration.
///
/// TOML, JSON, `--help`, validation messages and the comparison on resume are all made from these.
struct ConfigurationField: Sendable {
    let key: ConfigurationKey
    let theme: ConfigurationTheme
    /// One sentence or two with the unit, for `--help`; the default is added to it.
    let summary: String
    /// What stands for the value in `--help`.
    let placeholder: String
    /// What the default is where none is a value.
    let absentDefault: String?
    /// Whether a resumed run may have another value than the run it goes on with.
    let mayChangeOnResume: Bool
    /// What a file must hold, for messages.
    let expectation: String
    let read: @Sendable (TrainingConfiguration) -> ConfigurationValue?
    /// Sets the key; false if the value is of another kind or out of its list.
    let write: @Sendable (inout TrainingConfiguration, ConfigurationValue) -> Bool

    /// Whether a resumed run may change a key.
    enum OnResume { case fixed, free }

    init<Value: ConfigurationScalar>(
        _ key: ConfigurationKey, _ path: WritableKeyPath<TrainingConfiguration, Value> & Sendable,
        _ theme: ConfigurationTheme, _ onResume: OnResume, placeholder: String = "", _ summary: String
    ) {
        self.key = key
        self.theme = theme
        self.summary = summary
        self.placeholder = placeholder
        absentDefault = nil
        mayChangeOnResume = onResume == .free
        expectation = Value.expectation
        read = { $0[keyPath: path].configurationValue }
        write = { configuration, value in
            guard let value = Value(configurationValue: value) else { return false }
            configuration[keyPath: path] = value
            return true
        }
    }

    init<Value: ConfigurationScalar>(
        _ key: ConfigurationKey, optional path: WritableKeyPath<TrainingConfiguration, Value?> & Sendable,
        _ theme: ConfigurationTheme, _ onResume: OnResume, placeholder: String = "", absent: String, _ summary: String
    ) {
        self.key = key
        self.theme = theme
        self.summary = summary
        self.placeholder = placeholder
        absentDefault = absent
        mayChangeOnResume = onResume == .free
        expectation = Value.expectation
        read = { $0[keyPath: path]?.configurationValue }
        write = { configuration, value in
            guard let value = Value(configurationValue: value) else { return false }
            configuration[keyPath: path] = value
            return true
        }
    }
}

extension ConfigurationField {
    /// All fields, theme by theme.
    static let all = data + model + optimization + convergence + run + faults + distribution

    private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

    /// The field of a key; every key has one.
    static func of(_ key: ConfigurationKey) -> ConfigurationField {
        guard let field = byKey[key] else { preconditionFailure("no field is declared for the key \(key.rawValue)") }
        return field
    }
}

extension ConfigurationKey {
    /// The theme that the key belongs to.
    public var theme: ConfigurationTheme { ConfigurationField.of(self).theme }

    /// Whether a resumed run may have another value than the run it goes on with.
    public var mayChangeOnResume: Bool { ConfigurationField.of(self).mayChangeOnResume }

    /// What stands for the value in `--help`; empty for choices and flags.
    public var placeholder: String { ConfigurationField.of(self).placeholder }

    /// What the key means, with its unit and its default.
    public var help: String {
        let field = ConfigurationField.of(self)
        let standard = field.absentDefault ?? field.read(TrainingConfiguration())?.description ?? ""
        return "\(field.summary) (default: \(standard))"
    }
}

extension TrainingConfiguration {
    /// The value of a key as a file spells it; nil if the key is optional and not set.
    public func value(of key: ConfigurationKey) -> ConfigurationValue? { ConfigurationField.of(key).read(self) }

    /// Sets a key; false, and nothing is changed, if the value is of another kind or out of its list.
    public mutating func set(_ key: ConfigurationKey, to value: ConfigurationValue) -> Bool {
        ConfigurationField.of(key).write(&self, value)
    }
}
