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
    /// What the value must be, for messages: `a whole number from 1 to 1000`.
    let expectation: String
    /// The ends of the key's range as one types them; none where the key has no range.
    let ends: [String]
    let read: @Sendable (TrainingConfiguration) -> ConfigurationValue?
    /// Sets the key; false if the value is of another kind or out of its list.
    let write: @Sendable (inout TrainingConfiguration, ConfigurationValue) -> Bool
    /// Sets the key from what a command line gives; false if that is of another kind or out of its list.
    let parse: @Sendable (inout TrainingConfiguration, String) -> Bool
    /// Whether the key's value is in its range. A key that is not set is.
    let isInRange: @Sendable (TrainingConfiguration) -> Bool

    /// Whether a resumed run may change a key.
    enum OnResume { case fixed, free }

    /// A key that always has a value. `range` is what it may be, of all that its type has.
    init<Value: ConfigurationScalar>(
        _ key: ConfigurationKey, _ path: WritableKeyPath<TrainingConfiguration, Value> & Sendable,
        _ theme: ConfigurationTheme, _ onResume: OnResume, range: ValueRange<Value>? = nil, placeholder: String = "",
        _ summary: String
    ) {
        self.init(
            key, theme, onResume, range: range, placeholder: placeholder, absent: nil, summary, get: { $0[keyPath: path] },
            set: { $0[keyPath: path] = $1 })
    }

    /// A key that need not be set.
    init<Value: ConfigurationScalar>(
        _ key: ConfigurationKey, optional path: WritableKeyPath<TrainingConfiguration, Value?> & Sendable,
        _ theme: ConfigurationTheme, _ onResume: OnResume, range: ValueRange<Value>? = nil, placeholder: String = "",
        absent: String, _ summary: String
    ) {
        self.init(
            key, theme, onResume, range: range, placeholder: placeholder, absent: absent, summary, get: { $0[keyPath: path] },
            set: { $0[keyPath: path] = $1 })
    }

    private init<Value: ConfigurationScalar>(
        _ key: ConfigurationKey, _ theme: ConfigurationTheme, _ onResume: OnResume, range: ValueRange<Value>?,
        placeholder: String, absent: String?, _ summary: String, get: @escaping @Sendable (TrainingConfiguration) -> Value?,
        set: @escaping @Sendable (inout TrainingConfiguration, Value) -> Void
    ) {
        self.key = key
        self.theme = theme
        self.summary = summary
        self.placeholder = placeholder
        absentDefault = absent
        mayChangeOnResume = onResume == .free
        expectation = range?.description ?? Value.expectation
        ends = range?.ends ?? []
        read = { get($0)?.configurationValue }
        write = { configuration, value in
            guard let value = Value(configurationValue: value) else { return false }
            set(&configuration, value)
            return true
        }
        parse = { configuration, text in
            guard let value = Value(argumentText: text) else { return false }
            set(&configuration, value)
            return true
        }
        isInRange = { configuration in get(configuration).map { range?.contains($0) ?? true } ?? true }
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

    /// The ends of the key's range, as one types them; none where it has no range.
    package var ends: [String] { ConfigurationField.of(self).ends }

    /// What the key's value must be: `a whole number from 1 to 1000`.
    package var expectation: String { ConfigurationField.of(self).expectation }

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

    /// Sets a key to what a command line gives for it.
    ///
    /// Throws: ``ConfigurationError/invalid(key:value:expected:)`` where that is of another kind or out of the key's range; under the
    /// name of the option, where that is another than the key's.
    public mutating func set(
        _ key: ConfigurationKey, argument: String, option: String? = nil
    ) throws(ConfigurationError) {
        let field = ConfigurationField.of(key)
        var changed = self
        guard field.parse(&changed, argument), field.isInRange(changed) else {
            throw option.map { .invalidOption(option: $0, value: argument, expected: field.expectation) }
                ?? .invalid(key: key, value: argument, expected: field.expectation)
        }
        self = changed
    }
}
