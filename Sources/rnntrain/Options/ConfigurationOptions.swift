import ArgumentParser
import Training

/// A group of options, each of which sets one key of a configuration if it is given.
///
/// Numbers, times and paths are strings here. The declaration of the key parses them, so that all messages are the same, with the range.
protocol ConfigurationOptions: ParsableArguments {
    /// The keys of the group, each with its argument; nil if the command line does not give the option.
    var given: KeyValuePairs<ConfigurationKey, String?> { get }
}

extension ConfigurationOptions {
    /// Sets the keys whose options are given. Throws for an invalid value.
    func apply(to configuration: inout TrainingConfiguration) throws(ConfigurationError) {
        for (key, text) in given {
            if let text { try configuration.set(key, argument: text) }
        }
    }
}

extension ArgumentHelp {
    /// The help of a configuration key.
    init(_ key: ConfigurationKey) {
        self.init(key.help, valueName: key.placeholder.isEmpty ? nil : key.placeholder)
    }
}
