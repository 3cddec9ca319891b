import ArgumentParser
import Configuration
import Kinds

/// A group of options: one for each key that is declared for it.
///
/// The parser finds options by reflection. These options are not stored properties but are created from the declarations of the
/// keys. So a key that a kind declares becomes an option without further code. Values are strings here; the declaration of the
/// key parses them, so all messages have the same form and contain the range.
protocol ConfigurationOptions: ParsableArguments, CustomReflectable {
    static var theme: ConfigurationTheme { get }
    /// The keys whose options are given, each with its value.
    var given: [ConfigurationKey: String] { get set }
}

extension ConfigurationOptions {
    private static var keys: [ConfigurationKey] { ConfigurationKey.allCases.filter { $0.theme == theme } }

    /// The options as the parser finds them: each under the name of its key.
    var customMirror: Mirror { Mirror(self, children: Self.keys.map { ($0.rawValue, $0.option) }) }

    init(from decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: ConfigurationKey.self)
        for key in Self.keys {
            given[key] =
                key.isFlag
                ? try container.decode(Flag<Bool?>.self, forKey: key).wrappedValue.map(String.init)
                : try container.decode(Option<String?>.self, forKey: key).wrappedValue
        }
    }

    /// Sets the keys whose options are given. Throws for an invalid value.
    func apply(to configuration: inout TrainingConfiguration) throws(ConfigurationError) {
        for key in Self.keys {
            if let text = given[key] { try configuration.set(key, argument: text) }
        }
    }
}

extension ConfigurationKey {
    /// The key as an option, or as a flag with an inverse.
    fileprivate var option: Any {
        if isFlag { return Flag<Bool?>(name: .customLong(rawValue), inversion: .prefixedNo, help: ArgumentHelp(self)) }
        if choices.isEmpty {
            return Option<String?>(name: .customLong(rawValue), help: ArgumentHelp(self), completion: completion)
        }
        // The parser would list the values of an enumeration, but the type of this option is a string.
        let help = ArgumentHelp("\(help) (values: \(choices.joined(separator: ", ")))")
        return Option<String?>(name: .customLong(rawValue), help: help, completion: .list(choices))
    }
}

extension ConfigurationKey {
    /// File names for a key whose value is a path.
    fileprivate var completion: CompletionKind? {
        switch placeholder {
        case "file": .file()
        case "folder": .directory
        default: nil
        }
    }
}

extension ArgumentHelp {
    /// The help of a configuration key.
    init(_ key: ConfigurationKey) {
        self.init(key.help, valueName: key.placeholder.isEmpty ? nil : key.placeholder)
    }
}

/// The texts and their tokens.
struct DataOptions: ConfigurationOptions {
    static let theme = ConfigurationTheme.data
    var given: [ConfigurationKey: String] = [:]
}

/// The network and its initial parameters.
struct ModelOptions: ConfigurationOptions {
    static let theme = ConfigurationTheme.model
    var given: [ConfigurationKey: String] = [:]
}

/// The training step: the batch, the optimizer and clipping.
struct OptimizationOptions: ConfigurationOptions {
    static let theme = ConfigurationTheme.optimization
    var given: [ConfigurationKey: String] = [:]
}

/// How long a run trains, and how its learning rate decreases.
struct ConvergenceOptions: ConfigurationOptions {
    static let theme = ConfigurationTheme.convergence
    var given: [ConfigurationKey: String] = [:]
}

/// The run folder, the log and the checkpoints.
struct RunOptions: ConfigurationOptions {
    static let theme = ConfigurationTheme.run
    var given: [ConfigurationKey: String] = [:]
}

/// Time limits, and the response to faults.
struct FaultOptions: ConfigurationOptions {
    static let theme = ConfigurationTheme.faults
    var given: [ConfigurationKey: String] = [:]
}

/// How the work is distributed over the ranks.
struct DistributionOptions: ConfigurationOptions {
    static let theme = ConfigurationTheme.distribution
    var given: [ConfigurationKey: String] = [:]
}
