import ArgumentParser
import Training

/// A group of options, each of which sets one key of a configuration if it is given.
///
/// Numbers, times and paths come as texts, since the key's own declaration says what they may be: one message for all, with the range.
protocol ConfigurationOptions: ParsableArguments {
    /// The keys of the group, each with what the command line gives for it; nil where it gives nothing.
    var given: KeyValuePairs<ConfigurationKey, String?> { get }
}

extension ConfigurationOptions {
    /// Sets the keys whose options are given, and leaves the others. Throws for a value that is none of its key's.
    func apply(to configuration: inout TrainingConfiguration) throws(ConfigurationError) {
        for (key, text) in given {
            if let text { try configuration.set(key, argument: text) }
        }
    }
}

extension ArgumentHelp {
    /// The help of a configuration's key.
    init(_ key: ConfigurationKey) {
        self.init(key.help, valueName: key.placeholder.isEmpty ? nil : key.placeholder)
    }
}
