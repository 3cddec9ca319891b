import ArgumentParser
import Training

/// A group of options, each of which sets one key of a configuration if it is given.
protocol ConfigurationOptions: ParsableArguments {
    /// Sets the keys whose options are given, and leaves the others.
    func apply(to configuration: inout TrainingConfiguration)
}

extension ConfigurationOptions {
    /// Sets a property if a value is given.
    func set<Value>(_ property: inout Value, to given: Value?) {
        if let given { property = given }
    }

    /// Sets an optional property if a value is given.
    func set<Value>(_ property: inout Value?, to given: Value?) {
        if let given { property = given }
    }
}

extension ArgumentHelp {
    /// The help of a configuration's key.
    init(_ key: ConfigurationKey) {
        self.init(key.help, valueName: key.placeholder.isEmpty ? nil : key.placeholder)
    }
}
