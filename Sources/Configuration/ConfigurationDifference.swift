/// A key in which the configurations of two runs differ.
public struct ConfigurationDifference: Sendable, Equatable {
    public let key: String
    /// The values in TOML; `-` for none.
    public let first: String
    public let second: String

    /// The keys in which two configurations differ, in the order of the documentation. The folders of the runs are left out.
    public static func all(_ a: TrainingConfiguration, _ b: TrainingConfiguration) -> [ConfigurationDifference] {
        ConfigurationField.all.compactMap { field in
            let (first, second) = (field.read(a)?.toml ?? "-", field.read(b)?.toml ?? "-")
            guard first != second, field.key != .run else { return nil }
            return ConfigurationDifference(key: field.key.rawValue, first: first, second: second)
        }
    }
}
