public import Failures
public import Kinds

/// A place in a configuration file: lines and columns count from 1, columns in Unicode scalars.
public struct ConfigurationPlace: Equatable, Sendable, CustomStringConvertible {
    /// The path of the file.
    public let path: String
    public let line: Int
    public let column: Int

    public init(path: String, line: Int, column: Int) { (self.path, self.line, self.column) = (path, line, column) }

    /// In the format of compilers: `path:line:column`.
    public var description: String { "\(quoting: path):\(line):\(column)" }
}

/// A configuration file that cannot be read: where the fault is, and what to do.
public enum ConfigurationFileError: UserFacingError, Equatable {
    /// The file is missing or unreadable.
    case unreadable(path: String, reason: String, origin: ConfigurationFile.Origin)
    case notUTF8(path: String)
    /// The text is not valid TOML.
    case syntax(ConfigurationPlace, reason: String)
    case unknownKey(ConfigurationPlace, key: String, nearest: String?)
    /// A key under its name and under its former name.
    case twoNames(ConfigurationPlace, key: ConfigurationKey, formerName: String)
    /// A section, a dotted key or a table.
    case table(ConfigurationPlace, name: String, advice: String)
    /// The `config.toml` of a run lacks some keys.
    case incomplete(path: String, keys: [ConfigurationKey])
    case wrongValue(ConfigurationPlace, key: ConfigurationKey, expected: String, found: String)
    /// Keys that exclude each other. `message` contains them, their values and advice.
    case conflict(ConfigurationPlace, message: String)

    public var exitStatus: ExitStatus {
        switch self {
        case .unreadable: .inputMissing
        case .incomplete: .badData
        default: .usage
        }
    }

    public var description: String {
        switch self {
        case .unreadable(let path, let reason, let origin):
            "\(quoting: path): cannot read the configuration: \(reason). \(origin.advice)"
        case .notUTF8(let path):
            "\(quoting: path): the configuration is not valid UTF-8. Save it as UTF-8."
        case .syntax(let place, let reason):
            "\(place): not valid TOML: \(reason)."
        case .unknownKey(let place, let key, let nearest):
            "\(place): unknown key '\(value: key)'. " + Self.suggestion(nearest)
        case .twoNames(let place, let key, let formerName):
            "\(place): \(key.rawValue) is set twice: '\(formerName)' is its former name. Delete one of the two lines."
        case .table(let place, let name, let advice):
            "\(place): '\(value: name)' is a section, but a configuration has no sections: \(advice)."
        case .incomplete(let path, let keys):
            "\(quoting: path) lacks \(Self.list(keys)). Restore the file, or set these keys as the run was started. If a checkpoint is left, "
                + "--resume takes them from it and writes the file again."
        case .wrongValue(let place, let key, let expected, let found):
            "\(place): \(key.rawValue) is \(found); it must be \(expected)."
        case .conflict(let place, let message):
            "\(place): \(message)"
        }
    }

    /// `layers, hidden-size and 40 more keys`
    package static func list(_ keys: [ConfigurationKey]) -> String {
        let named = keys.prefix(3).map(\.rawValue).joined(separator: ", ")
        return keys.count > 3 ? "\(named) and \(counted(keys.count - 3, "more key"))" : named
    }

    private static func suggestion(_ nearest: String?) -> String {
        nearest.map { "Did you mean '\($0)'?" }
            ?? "The keys are the options of 'rnntrain train --help', without the dashes."
    }
}
