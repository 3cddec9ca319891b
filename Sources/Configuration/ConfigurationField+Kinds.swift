package import Kinds
import Layers
import Optimizers
import TextData

extension ConfigurationField {
    /// Everything among which a key chooses by name.
    static let registries: [any KindRegistry.Type] = [
        Batchings.self, Cells.self, Connections.self, UpdateRules.self, Schedules.self,
    ]

    /// The keys that the kinds of a registry declare.
    static func kinds(of registry: any KindRegistry.Type, _ theme: ConfigurationTheme) -> [ConfigurationField] {
        registry.settings.map { setting in
            let names = registry.readers(of: setting.key)
            let readers = names.count < registry.kinds.count ? KindReaders(chooser: registry.key, names: names) : nil
            return ConfigurationField(setting, theme, readers: readers)
        }
    }

    /// Whether a run's file with these values may lack the key: none of its kinds reads it, or earlier versions did not have it.
    func mayBeAbsent(from values: [ConfigurationKey: ConfigurationValue]) -> Bool {
        if isNew { return true }
        guard let readers, let chosen = values[readers.chooser] else { return false }
        return !readers.names.contains(chosen.description)
    }
}

extension ConfigurationKey {
    /// The kinds among which the key chooses; none if it chooses no kind.
    package var kinds: [any Kind.Type] {
        ConfigurationField.registries.first { $0.key == self }?.kinds ?? []
    }
}

/// The kinds that read a key.
package struct KindReaders: Sendable {
    /// The key that chooses them.
    package let chooser: ConfigurationKey
    package let names: [String]
}
