/// A key of the configuration that a kind declares beside its code: what it may be, what it is by default, and what it means.
///
/// Several kinds may share a setting: it is declared once, and each names it among its ``Kind/settings``.
public struct Setting<Value: ConfigurationScalar>: DeclaredSetting {
    public let key: ConfigurationKey
    /// The value where none is given.
    public let standard: Value
    public let range: ValueRange<Value>?
    public let placeholder: String
    public let summary: String
    public let mayChangeOnResume: Bool
    public let isRefusedUnread: Bool

    /// Declares a setting.
    ///
    /// - `range`: what it may be, of all that its type has; nil only for choices and flags.
    /// - `placeholder`: what stands for the value in `--help`.
    /// - `onResume`: whether a resumed run may have another value.
    /// - `unread`: what a value other than the default is where no chosen kind reads the setting.
    public init(
        _ key: ConfigurationKey, _ standard: Value, range: ValueRange<Value>? = nil, placeholder: String = "",
        onResume: OnResume = .fixed, unread: Unread = .refused, _ summary: String
    ) {
        self.key = key
        self.standard = standard
        self.range = range
        self.placeholder = placeholder
        self.summary = summary
        mayChangeOnResume = onResume == .free
        isRefusedUnread = unread == .refused
    }

    public var setting: Setting { self }
}

/// Whether a resumed run may change a key.
public enum OnResume: Sendable { case fixed, free }

/// What a value is that no chosen kind reads: an error, or without effect.
public enum Unread: Sendable { case refused, ignored }

/// A setting of any type.
public protocol DeclaredSetting: Sendable {
    associatedtype Value: ConfigurationScalar
    var key: ConfigurationKey { get }
    /// One sentence or two with the unit, for `--help`, to which the default and the kinds that read the setting are added.
    var summary: String { get }
    var placeholder: String { get }
    /// Whether a resumed run may have another value than the run it goes on with.
    var mayChangeOnResume: Bool { get }
    /// Whether a value other than the default is an error where no chosen kind reads the setting.
    var isRefusedUnread: Bool { get }
    /// The setting with its type.
    var setting: Setting<Value> { get }
}

/// The values of settings; each one that was not set has its default.
public struct Settings: Equatable, Sendable {
    /// What differs from the defaults.
    private var values: [ConfigurationKey: ConfigurationValue] = [:]

    /// All defaults.
    public init() {}

    public subscript<Value>(_ setting: Setting<Value>) -> Value {
        get { values[setting.key].flatMap(Value.init(configurationValue:)) ?? setting.standard }
        set { values[setting.key] = newValue == setting.standard ? nil : newValue.configurationValue }
    }

    /// Whether a setting has its default.
    public func isStandard(_ key: ConfigurationKey) -> Bool { values[key] == nil }
}
