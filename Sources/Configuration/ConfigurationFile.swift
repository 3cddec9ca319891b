import Failures
import Files
public import Kinds

/// The keys of a ``TrainingConfiguration`` that a TOML file sets, each checked for type and range.
public struct ConfigurationFile: Equatable, Sendable {
    /// The file's path, for messages.
    public let path: String
    /// The keys that the file sets.
    public let values: [ConfigurationKey: ConfigurationValue]
    /// The places of the keys that the file sets.
    private let places: [ConfigurationKey: ConfigurationPlace]
    /// Keys that the file neither sets nor lists in a comment as `# key =`, in order. The `config.toml` of a run has none.
    ///
    /// Keys of kinds that the file does not select may be absent: the version that wrote it may not have had these kinds.
    public let absentKeys: [ConfigurationKey]
    /// Keys that the file neither sets nor lists, but that files of earlier versions lack, in order.
    public let absentNewKeys: [ConfigurationKey]

    /// Why a file is read.
    public enum Origin: Sendable {
        /// `--config` names it.
        case named
        /// It is the default file of the current folder.
        case standard
        /// It is the `config.toml` of a run.
        case run

        /// The advice if the file cannot be read.
        var advice: String {
            switch self {
            case .named: "Check the path given with --config."
            case .standard: "Remove or rename it, or name another file with --config."
            case .run:
                "Restore the file, or make it readable (chmod u+r). If there is none, --resume writes it again from the checkpoint."
            }
        }
    }

    /// Reads a file.
    public init(path: String, origin: Origin = .named) throws(ConfigurationFileError) {
        try self.init(text: Self.text(path, origin), path: path)
    }

    /// Reads the `config.toml` of a run. If keys are missing and the last line has no line end, the file was truncated there: the
    /// value of this line is not used, and its key also counts as missing.
    public init(ofRunAt path: String) throws(ConfigurationFileError) {
        let text = try Self.text(path, .run)
        let end = text.unicodeScalars.lastIndex(of: "\n").map { text.unicodeScalars.index(after: $0) } ?? text.startIndex
        let whole = try ConfigurationFile(text: String(text[..<end]), path: path)
        if end != text.endIndex, whole.absentKeys.count > 1 { self = whole } else { try self.init(text: text, path: path) }
    }

    private static func text(_ path: String, _ origin: Origin) throws(ConfigurationFileError) -> String {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try ReadableFile.contents(of: path, limit: Self.longest)
        } catch {
            throw .unreadable(path: path, reason: Self.reason(error), origin: origin)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8(path: path) }
        return text
    }

    /// Parses a TOML text. The path is only for messages.
    public init(text: String, path: String) throws(ConfigurationFileError) {
        self.path = path
        let assignments = try Self.parse(text, path)
        values = try Self.values(assignments, path)
        places = Dictionary(
            assignments.compactMap { assignment in
                ConfigurationKey.named(assignment.key).map { ($0, assignment.place(in: path)) }
            }, uniquingKeysWith: { first, _ in first })
        let listed = Self.listedKeys(text)
        let set = Set(values.keys)
        let values = values
        let absent = ConfigurationField.all.filter { !set.contains($0.key) && !listed.contains($0.key.rawValue) }
        absentKeys = absent.filter { !$0.mayBeAbsent(from: values) }.map(\.key)
        absentNewKeys = absent.filter(\.isNew).map(\.key)
    }

    /// The names in lines such as `# seed =`.
    private static func listedKeys(_ text: String) -> Set<String> {
        Set(
            text.split(whereSeparator: \.isNewline).compactMap { line in
                guard line.hasPrefix("# "), let sign = line.firstIndex(of: "=") else { return nil }
                return line[..<sign].dropFirst(2).split(separator: " ").first.map(String.init)
            })
    }

    /// Throws ``ConfigurationFileError/incomplete(path:keys:)`` unless every key is set or listed as not set.
    public func requireAllKeys() throws(ConfigurationFileError) {
        if !absentKeys.isEmpty { throw .incomplete(path: path, keys: absentKeys) }
    }

    /// Sets the keys of the file. Other keys are unchanged.
    public func apply(to configuration: inout TrainingConfiguration) {
        for (key, value) in values {
            let taken = configuration.set(key, to: value)
            precondition(taken, "\(key.rawValue) was not accepted, although the file was checked")
        }
    }

    /// Checks a configuration with keys of this file. A conflict that involves one of `keys` becomes an error with the place of the key.
    public func placing(
        _ keys: Set<ConfigurationKey>, _ check: () throws(ConfigurationError) -> Void
    ) throws {
        do throws(ConfigurationError) {
            try check()
        } catch {
            guard case .conflict(let involved, let message) = error, let key = involved.first(where: keys.contains),
                let place = places[key]
            else { throw error }
            throw ConfigurationFileError.conflict(place, message: message)
        }
    }

    private static func parse(_ text: String, _ path: String) throws(ConfigurationFileError) -> [TOMLAssignment] {
        do throws(TOMLFault) {
            return try TOMLReader.assignments(in: text)
        } catch {
            throw .syntax(ConfigurationPlace(path: path, line: error.line, column: error.column), reason: error.reason)
        }
    }

    private static func values(
        _ assignments: [TOMLAssignment], _ path: String
    ) throws(ConfigurationFileError) -> [ConfigurationKey: ConfigurationValue] {
        var values: [ConfigurationKey: ConfigurationValue] = [:]
        var scratch = TrainingConfiguration()
        for assignment in assignments {
            let key = try key(assignment, path)
            let field = ConfigurationField.of(key)
            guard case .scalar(let value) = assignment.value, field.write(&scratch, value), field.isInRange(scratch) else {
                throw .wrongValue(
                    assignment.place(in: path), key: key, expected: field.expectation, found: assignment.value.found)
            }
            guard values.updateValue(value, forKey: key) == nil else {
                throw .twoNames(assignment.place(in: path), key: key, formerName: ConfigurationField.formerName(of: key))
            }
        }
        return values
    }

    private static func key(_ assignment: TOMLAssignment, _ path: String) throws(ConfigurationFileError) -> ConfigurationKey {
        if let key = ConfigurationKey.named(assignment.key) { return key }
        let place = assignment.place(in: path)
        if case .table(let form) = assignment.value { throw .table(place, name: assignment.key, advice: form.advice) }
        let nearest = NearestName.of(assignment.key, among: ConfigurationKey.allCases.map(\.rawValue))
        throw .unknownKey(place, key: assignment.key, nearest: nearest)
    }

    /// The maximum size in bytes. No configuration is larger.
    private static let longest = 1 << 20

    private static func reason(_ error: FileError) -> String {
        switch error {
        case .missing: "there is no such file"
        case .folder: "it is a folder"
        case .notRegular: "it is a pipe or a device; save its contents to a file"
        case .tooLarge(_, let byteCount, let limit): "it has \(byteCount) bytes, and the maximum is \(limit)"
        case .unreadable(_, _, let number): systemText(number)
        default: "\(error)"
        }
    }
}

extension TOMLAssignment {
    fileprivate func place(in path: String) -> ConfigurationPlace { ConfigurationPlace(path: path, line: line, column: column) }
}

extension TOMLAssignment.Value {
    /// The value, for messages.
    fileprivate var found: String {
        switch self {
        case .scalar(let value): value.found
        case .table: "a table"
        case .other(let kind): kind
        }
    }
}

extension TOMLAssignment.TableForm {
    /// What to write instead.
    fileprivate var advice: String {
        switch self {
        case .section: "delete this line, and keep the keys below it"
        case .dotted(let key): "write only '\(Quotation.of(key, longest: 60)) = ...'"
        case .inline: "write each of its keys on a separate line, 'key = value'"
        }
    }
}
