import Kinds

/// JSON, for a checkpoint's metadata: one flat object with the names of ``ConfigurationKey``.
extension TrainingConfiguration: Codable {
    /// Missing keys have their defaults, so that a file from before a key existed keeps its meaning.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: ConfigurationKey.self)
        self.init()
        for field in ConfigurationField.all {
            let keys = [field.key] + ConfigurationField.formerNames.filter { $0.value == field.key }.map(\.key)
            guard let key = keys.first(where: container.contains),
                let value = try container.decodeIfPresent(ConfigurationValue.self, forKey: key)
            else { continue }
            guard field.write(&self, value) else {
                throw DecodingError.dataCorruptedError(
                    forKey: field.key, in: container,
                    debugDescription: "\(field.key.rawValue) is \(value.found); it must be \(field.expectation)")
            }
        }
    }

    /// Every key that has a value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: ConfigurationKey.self)
        for field in ConfigurationField.all {
            try container.encodeIfPresent(field.read(self), forKey: field.key)
        }
    }
}
