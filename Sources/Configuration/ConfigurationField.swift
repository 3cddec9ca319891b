public import Kinds

/// The declaration of a key: its theme, help and range, and how to read and set it in a configuration.
///
/// TOML, JSON, `--help`, validation messages and the comparison on resume are generated from these declarations.
struct ConfigurationField: Sendable {
    let key: ConfigurationKey
    let theme: ConfigurationTheme
    /// One or two sentences with the unit, for `--help`, which adds the default.
    let summary: String
    /// The placeholder of the value in `--help`.
    let placeholder: String
    /// The default in words, for a key that has no default value.
    let absentDefault: String?
    /// Whether a resumed run may change the value.
    let onResume: OnResume
    /// The valid values, for messages: `a whole number from 1 to 1000`.
    let expectation: String
    /// The ends of the range, as on the command line; empty for a key without a range.
    let ends: [String]
    /// The values as texts, if they are a short list; otherwise empty.
    let choices: [String]
    /// Whether the value is true or false.
    let isFlag: Bool
    /// The kinds that use the key, if not all of a registry do; otherwise nil.
    let readers: KindReaders?
    /// Whether a value other than the default is an error with a kind that does not use it.
    let isRefusedUnread: Bool
    /// Whether runs of earlier versions lack the key.
    let isNew: Bool
    let read: @Sendable (TrainingConfiguration) -> ConfigurationValue?
    /// Sets the key; false if the value has another type or is not in the list of choices.
    let write: @Sendable (inout TrainingConfiguration, ConfigurationValue) -> Bool
    /// Sets the key from a command-line argument; false if that has another type or is not in the list of choices.
    let parse: @Sendable (inout TrainingConfiguration, String) -> Bool
    /// Sets the key to its default; an optional key to no value.
    let reset: @Sendable (inout TrainingConfiguration) -> Void
    /// Whether the value is in range. A key that is not set is in range.
    let isInRange: @Sendable (TrainingConfiguration) -> Bool

    /// A key that always has a value. `range` limits the values of its type.
    init<Value: ConfigurationScalar>(
        _ key: ConfigurationKey, _ path: WritableKeyPath<TrainingConfiguration, Value> & Sendable,
        _ theme: ConfigurationTheme, _ onResume: OnResume, range: ValueRange<Value>? = nil, placeholder: String = "",
        isNew: Bool = false, readers: KindReaders? = nil, _ summary: String
    ) {
        self.init(
            key, theme, onResume, range: range, placeholder: placeholder, absent: nil, summary, readers: readers,
            isRefusedUnread: readers != nil, isNew: isNew,
            get: { $0[keyPath: path] },
            set: { $0[keyPath: path] = $1 },
            reset: { $0[keyPath: path] = TrainingConfiguration()[keyPath: path] })
    }

    /// An optional key.
    init<Value: ConfigurationScalar>(
        _ key: ConfigurationKey, optional path: WritableKeyPath<TrainingConfiguration, Value?> & Sendable,
        _ theme: ConfigurationTheme, _ onResume: OnResume, range: ValueRange<Value>? = nil, placeholder: String = "",
        absent: String, readers: KindReaders? = nil, isNew: Bool = false, _ summary: String
    ) {
        self.init(
            key, theme, onResume, range: range, placeholder: placeholder, absent: absent, summary, readers: readers, isNew: isNew,
            get: { $0[keyPath: path] },
            set: { $0[keyPath: path] = $1 },
            reset: { $0[keyPath: path] = nil })
    }

    /// A key that kinds declare. `readers` are the kinds that use it; nil for all.
    init<Declared: DeclaredSetting>(
        _ declared: Declared, _ theme: ConfigurationTheme, readers: KindReaders?, isNew: Bool = false
    ) {
        let setting = declared.setting
        self.init(
            setting.key, theme, setting.mayChangeOnResume ? .free : .fixed, range: setting.range,
            placeholder: setting.placeholder, absent: nil, setting.summary, readers: readers,
            isRefusedUnread: setting.isRefusedUnread, isNew: isNew || setting.isNew, get: { $0.settings[setting] },
            set: { $0.settings[setting] = $1 },
            reset: { $0.settings[setting] = setting.standard })
    }

    private init<Value: ConfigurationScalar>(
        _ key: ConfigurationKey, _ theme: ConfigurationTheme, _ onResume: OnResume, range: ValueRange<Value>?,
        placeholder: String, absent: String?, _ summary: String, readers: KindReaders? = nil, isRefusedUnread: Bool = false,
        isNew: Bool = false,
        get: @escaping @Sendable (TrainingConfiguration) -> Value?,
        set: @escaping @Sendable (inout TrainingConfiguration, Value) -> Void,
        reset: @escaping @Sendable (inout TrainingConfiguration) -> Void
    ) {
        self.key = key
        self.theme = theme
        self.summary = summary
        self.placeholder = placeholder
        absentDefault = absent
        self.onResume = onResume
        expectation = range?.description ?? Value.expectation
        ends = range?.ends ?? []
        choices = Value.choices
        isFlag = Value.self == Bool.self
        self.readers = readers
        self.isRefusedUnread = isRefusedUnread
        self.isNew = isNew
        self.reset = reset
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
    /// All fields, by theme.
    static let all = data + model + optimization + convergence + run + faults + distribution

    /// The keys of names from earlier versions, which the files of their runs contain.
    static let formerNames: [ConfigurationKey: ConfigurationKey] = ["connection": .connections]

    /// The former name of a key; its own name if it has none.
    static func formerName(of key: ConfigurationKey) -> String { (formerNames.first { $0.value == key }?.key ?? key).rawValue }

    private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

    static func exists(_ key: ConfigurationKey) -> Bool { byKey[key] != nil }

    /// The field of a key; every key has one.
    static func of(_ key: ConfigurationKey) -> ConfigurationField {
        guard let field = byKey[key] else { preconditionFailure("no field is declared for the key \(key.rawValue)") }
        return field
    }
}

extension ConfigurationKey {
    /// The theme that the key belongs to.
    public var theme: ConfigurationTheme { ConfigurationField.of(self).theme }

    /// Whether a resumed run may change the value.
    public var mayChangeOnResume: Bool { ConfigurationField.of(self).onResume == .free }

    /// Whether files of a run with another value are those of another run.
    package var isFixedOnResume: Bool { ConfigurationField.of(self).onResume == .fixed }

    /// The placeholder of the value in `--help`; empty for choices and flags.
    public var placeholder: String { ConfigurationField.of(self).placeholder }

    /// The ends of the range, as on the command line; empty for a key without a range.
    package var ends: [String] { ConfigurationField.of(self).ends }

    /// The valid values: `a whole number from 1 to 1000`.
    package var expectation: String { ConfigurationField.of(self).expectation }

    /// The values as texts, if they are a short list; otherwise empty.
    public var choices: [String] { ConfigurationField.of(self).choices }

    /// Whether the value is true or false.
    public var isFlag: Bool { ConfigurationField.of(self).isFlag }

    /// The kinds that use the key, if it belongs to only some kinds of a registry; otherwise nil.
    package var readers: KindReaders? { ConfigurationField.of(self).readers }

    /// The meaning of the key, with its unit, the kinds that use it, and its default.
    public var help: String {
        let field = ConfigurationField.of(self)
        let standard = field.absentDefault ?? field.read(TrainingConfiguration())?.description ?? ""
        let readers = field.readers.map { "only with \($0.chooser.option) \($0.names.joined(separator: ", ")); " } ?? ""
        return "\(field.summary) (\(readers)default: \(standard.isEmpty ? "empty" : standard))"
    }

    /// Every key, theme by theme.
    public static let allCases = ConfigurationField.all.map(\.key)

    /// The key with this name, or with a name from an earlier version.
    public static func named(_ name: String) -> ConfigurationKey? {
        let key = ConfigurationKey(name)
        return ConfigurationField.exists(key) ? key : ConfigurationField.formerNames[key]
    }
}

extension TrainingConfiguration {
    /// The value of a key, as in a file; nil if the key is optional and not set.
    public func value(of key: ConfigurationKey) -> ConfigurationValue? { ConfigurationField.of(key).read(self) }

    /// Sets a key; false, without a change, if the value has another type or is not in the list of choices.
    public mutating func set(_ key: ConfigurationKey, to value: ConfigurationValue) -> Bool {
        ConfigurationField.of(key).write(&self, value)
    }

    /// Sets a key from a command-line argument.
    ///
    /// Throws: ``ConfigurationError/invalid(key:value:expected:)`` if the argument has another type or is out of range. `option` is the
    /// name of the option, if it differs from the key's.
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
