public import Kinds

/// A key in which the configurations of two runs differ.
public struct ConfigurationDifference: Sendable, Equatable {
    public let key: String
    /// The value in TOML, `-` for none, or several values, as text.
    public let first: String
    public let second: String

    /// The keys in which two configurations differ, in the order of the documentation. The folders of the runs are left out.
    ///
    /// - Parameters:
    ///   - changes: several values of a key, in place of that of `a`.
    ///   - otherChanges: the same for `b`.
    public static func all(
        _ a: TrainingConfiguration, changes: [ConfigurationKey: [String]] = [:], _ b: TrainingConfiguration,
        changes otherChanges: [ConfigurationKey: [String]] = [:]
    ) -> [ConfigurationDifference] {
        ConfigurationField.all.compactMap { field in
            let first = text(field.read(a), changes[field.key])
            let second = text(field.read(b), otherChanges[field.key])
            guard first != second, field.key != .run else { return nil }
            return ConfigurationDifference(key: field.key.rawValue, first: first, second: second)
        }
    }

    private static func text(_ value: ConfigurationValue?, _ changes: [String]?) -> String {
        changes?.joined(separator: ", ") ?? value?.toml ?? "-"
    }
}
