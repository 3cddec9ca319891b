extension TrainingConfiguration {
    /// The configuration as TOML: every key, by theme. Keys without a value are comments.
    ///
    /// `ConfigurationFile(text:path:)` reads the same configuration from it.
    public var toml: String {
        ConfigurationTheme.allCases.map(tomlSection).joined(separator: "\n")
    }

    private func tomlSection(_ theme: ConfigurationTheme) -> String {
        let lines = ConfigurationField.all.filter { $0.theme == theme }.map(tomlLine)
        return "# \(theme.rawValue)\n" + lines.joined()
    }

    private func tomlLine(_ field: ConfigurationField) -> String {
        if let value = field.read(self) {
            "\(field.key.rawValue) = \(value.toml)\n"
        } else {
            "# \(field.key.rawValue) =  (\(field.absentDefault ?? "not set"))\n"
        }
    }
}
