/// A configuration key that a kind declares in its own file: its values, default and meaning.
///
/// Several kinds may share a setting. It is declared once, and each kind lists it in ``Kind/settings``.
public struct Setting<Value: ConfigurationScalar>: DeclaredSetting {
    public let key: ConfigurationKey
    /// The default value.
    public let standard: Value
    public let range: ValueRange<Value>?
    public let placeholder: String
    public let summary: String
    public let mayChangeOnResume: Bool
    public let isRefusedUnread: Bool
    public let isNew: Bool
    /// The form in which a value is stored, among forms with the same meaning; nil if each value has one form.
    package let normalForm: (@Sendable (Value) -> Value)?

    /// Declares a setting.
    ///
    /// - `range`: the valid values; nil only for choices and flags.
    /// - `placeholder`: the name of the value in `--help`.
    /// - `onResume`: whether a resumed run may change the value.
    /// - `unread`: how to treat a value other than the default if no chosen kind uses the setting.
    /// - `isNew`: whether runs of earlier versions lack the key, although they have kinds that use it.
    /// - `normalForm`: the form in which a value is stored, for a setting of which several forms have the same meaning.
    public init(
        _ key: ConfigurationKey, _ standard: Value, range: ValueRange<Value>? = nil, placeholder: String = "",
        onResume: OnResume = .fixed, unread: Unread = .refused, isNew: Bool = false,
        normalForm: (@Sendable (Value) -> Value)? = nil, _ summary: String
    ) {
        self.key = key
        self.standard = standard
        self.range = range
        self.placeholder = placeholder
        self.summary = summary
        mayChangeOnResume = onResume == .free
        isRefusedUnread = unread == .refused
        self.isNew = isNew
        self.normalForm = normalForm
    }

    public var setting: Setting { self }
}

/// Whether a resumed run may change a key.
public enum OnResume: Sendable {
    case fixed, free
    /// The path of a file that only the start of a run reads. A resumed run keeps the stored path.
    case startOnly
}

/// How to treat a value that no chosen kind uses: refuse or ignore it.
public enum Unread: Sendable { case refused, ignored }

/// A setting of any type.
public protocol DeclaredSetting: Sendable {
    associatedtype Value: ConfigurationScalar
    var key: ConfigurationKey { get }
    /// One or two sentences with the unit, for `--help`, which adds the default and the kinds that use the setting.
    var summary: String { get }
    var placeholder: String { get }
    /// Whether a resumed run may change the value.
    var mayChangeOnResume: Bool { get }
    /// Whether a value other than the default is an error if no chosen kind uses the setting.
    var isRefusedUnread: Bool { get }
    /// Whether runs of earlier versions lack the key.
    var isNew: Bool { get }
    /// The setting with its type.
    var setting: Setting<Value> { get }
}

/// The values of settings. A setting without a value has its default.
public struct Settings: Equatable, Sendable {
    /// The values that differ from the defaults.
    private var values: [ConfigurationKey: ConfigurationValue] = [:]

    /// All settings have their defaults.
    public init() {}

    /// The value of a setting; its default if it was not set.
    public subscript<Value>(_ setting: Setting<Value>) -> Value {
        get { values[setting.key].flatMap(Value.init(configurationValue:)) ?? setting.standard }
        set {
            let value = setting.normalForm?(newValue) ?? newValue
            values[setting.key] = value == setting.standard ? nil : value.configurationValue
        }
    }

    /// Whether a setting has its default.
    public func isStandard(_ key: ConfigurationKey) -> Bool { values[key] == nil }
}
