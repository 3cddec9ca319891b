public import Failures

/// A configuration file that cannot be read: where the fault is, and what to do.
public enum ConfigurationFileError: UserFacingError, Equatable {
    /// The file is not there, or may not be read.
    case unreadable(path: String, reason: String)
    case notUTF8(path: String)
    /// The text is no TOML.
    case syntax(path: String, line: Int, column: Int, reason: String)
    case unknownKey(path: String, line: Int?, key: String, nearest: String?)
    case wrongValue(path: String, line: Int?, key: ConfigurationKey, expected: String, found: String)

    public var exitStatus: ExitStatus {
        if case .unreadable = self { .inputMissing } else { .usage }
    }

    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path): cannot read the configuration: \(reason). Check the path given with --config."
        case .notUTF8(let path):
            "\(path): the configuration is not valid UTF-8. Save it as UTF-8."
        case .syntax(let path, let line, let column, let reason):
            "\(path):\(line):\(column): not valid TOML: \(reason)"
        case .unknownKey(let path, let line, let key, let nearest):
            "\(Self.place(path, line)): unknown key '\(key)'. " + Self.suggestion(nearest)
        case .wrongValue(let path, let line, let key, let expected, let found):
            "\(Self.place(path, line)): \(key.rawValue) must be \(expected), and is \(found)."
        }
    }

    private static func place(_ path: String, _ line: Int?) -> String {
        line.map { "\(path):\($0)" } ?? path
    }

    private static func suggestion(_ nearest: String?) -> String {
        nearest.map { "Did you mean '\($0)'?" } ?? "The keys are the options of 'rnntrain train --help', without dashes."
    }
}
