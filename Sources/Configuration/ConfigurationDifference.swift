public import Kinds

/// A key in which the configurations of two runs differ.
public struct ConfigurationDifference: Sendable, Equatable {
    public let key: String
    /// The value in TOML, `-` if the key has none; or several values, separated by commas.
    public let first: String
    public let second: String

    /// The keys in which two configurations differ, in the order of the documentation. The folders of the runs are left out.
    ///
    /// - Parameters:
    ///   - changes: the values of `free_keys` in the log to show for a key instead of its value in `a`; nil for none.
    ///   - otherChanges: the same for `b`.
    public static func all(
        _ a: TrainingConfiguration, changes: [ConfigurationKey: [String?]] = [:], _ b: TrainingConfiguration,
        changes otherChanges: [ConfigurationKey: [String?]] = [:]
    ) -> [ConfigurationDifference] {
        ConfigurationField.all.compactMap { field in
            let first = text(of: field, a, changes[field.key])
            let second = text(of: field, b, otherChanges[field.key])
            guard first != second, field.key != .run else { return nil }
            return ConfigurationDifference(key: field.key.rawValue, first: first, second: second)
        }
    }

    private static func text(
        of field: ConfigurationField, _ configuration: TrainingConfiguration, _ changes: [String?]?
    ) -> String {
        let own = field.read(configuration)
        guard let changes else { return own?.toml ?? "-" }
        return changes.map { value in
            guard let value else { return "-" }
            if let own, TrainingConfiguration.isWritten(own, as: value) { return own.toml }
            return TrainingConfiguration.value(of: field, in: value)?.toml ?? value
        }.joined(separator: ", ")
    }
}
