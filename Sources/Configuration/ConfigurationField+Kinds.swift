package import Kinds
import Layers
import Optimizers
import Tasks
import TextData

extension ConfigurationField {
    /// The registries of all kinds that keys select by name.
    static let registries: [any KindRegistry.Type] = [
        Tasks.self, Batchings.self, Cells.self, Connections.self, Outputs.self, UpdateRules.self, Schedules.self,
    ]

    /// The keys that the kinds of a registry declare.
    ///
    /// - Parameter areNew: whether runs of earlier versions lack them, and the key that chooses.
    static func kinds(
        of registry: any KindRegistry.Type, _ theme: ConfigurationTheme, areNew: Bool = false
    ) -> [ConfigurationField] {
        registry.settings.map { setting in
            let names = registry.readers(of: setting.key)
            let readers = names.count < registry.kinds.count ? KindReaders(chooser: registry.key, names: names) : nil
            return ConfigurationField(setting, theme, readers: readers, isNew: areNew)
        }
    }

    /// Whether the file of a run with these values may lack the key: none of its kinds uses the key, or earlier versions did not
    /// have it.
    func mayBeAbsent(from values: [ConfigurationKey: ConfigurationValue]) -> Bool {
        if isNew { return true }
        guard let readers, let chosen = values[readers.chooser] else { return false }
        return !readers.names.contains(chosen.description)
    }
}

extension ConfigurationKey {
    /// The kinds that the key selects; empty if it does not select a kind.
    package var kinds: [any Kind.Type] {
        ConfigurationField.registries.first { $0.key == self }?.kinds ?? []
    }
}

/// The kinds that use a key.
package struct KindReaders: Sendable {
    /// The key that selects the kind.
    package let chooser: ConfigurationKey
    package let names: [String]
}
