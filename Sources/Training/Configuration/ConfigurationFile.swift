import Foundation
import TOMLKit

/// What a TOML file sets: some of the keys of a ``TrainingConfiguration``, each checked for its kind.
public struct ConfigurationFile: Equatable, Sendable {
    /// The file's path, for messages.
    public let path: String
    /// The keys that the file sets.
    public let values: [ConfigurationKey: ConfigurationValue]

    /// Reads a file.
    public init(path: String) throws(ConfigurationFileError) {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw .unreadable(path: path, reason: Self.reason(path))
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8(path: path) }
        try self.init(text: text, path: path)
    }

    /// Reads a TOML text; the path stands in messages only.
    public init(text: String, path: String) throws(ConfigurationFileError) {
        let table = try Self.parse(text, path)
        let reader = TableReader(table: table, text: text, path: path)
        self.path = path
        values = try reader.values()
    }

    /// Sets the file's keys, and leaves the others.
    public func apply(to configuration: inout TrainingConfiguration) {
        for (key, value) in values {
            let taken = configuration.set(key, to: value)
            precondition(taken, "\(key.rawValue) was checked when the file was read")
        }
    }

    private static func parse(_ text: String, _ path: String) throws(ConfigurationFileError) -> TOMLTable {
        do {
            return try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            let place = error.source.begin
            throw .syntax(path: path, line: place.line, column: place.column, reason: error.description)
        } catch {
            throw .syntax(path: path, line: 1, column: 1, reason: "\(error)")
        }
    }

    private static func reason(_ path: String) -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return "there is no such file" }
        return isFolder.boolValue ? "it is a folder" : "reading failed, perhaps for lack of permission"
    }
}

/// Reads the keys of a parsed file, and finds the lines for messages.
private struct TableReader {
    let table: TOMLTable
    let text: String
    let path: String

    func values() throws(ConfigurationFileError) -> [ConfigurationKey: ConfigurationValue] {
        var values: [ConfigurationKey: ConfigurationValue] = [:]
        var scratch = TrainingConfiguration()
        for (name, line) in namesInOrder() {
            let key = try key(name, line)
            let field = ConfigurationField.of(key)
            let node = table[name]
            guard let value = node.flatMap(Self.scalar), field.write(&scratch, value) else {
                throw .wrongValue(
                    path: path, line: line, key: key, expected: field.expectation, found: node.map(Self.found) ?? "nothing")
            }
            values[key] = value
        }
        return values
    }

    /// The names with their lines, first line first, so that the first fault is the one reported.
    private func namesInOrder() -> [(name: String, line: Int?)] {
        let lines = TOMLKeyLines(text)
        return table.keys
            .map { (name: $0, line: lines.line(of: $0)) }
            .sorted { ($0.line ?? .max, $0.name) < ($1.line ?? .max, $1.name) }
    }

    private func key(_ name: String, _ line: Int?) throws(ConfigurationFileError) -> ConfigurationKey {
        if let key = ConfigurationKey(rawValue: name) { return key }
        let nearest = NearestName.of(name, among: ConfigurationKey.allCases.map(\.rawValue))
        throw .unknownKey(path: path, line: line, key: name, nearest: nearest)
    }

    private static func scalar(_ node: any TOMLValueConvertible) -> ConfigurationValue? {
        node.string.map(ConfigurationValue.text) ?? node.int.map(ConfigurationValue.integer)
            ?? node.double.map(ConfigurationValue.number) ?? node.bool.map(ConfigurationValue.flag)
    }

    private static func found(_ node: any TOMLValueConvertible) -> String {
        if let scalar = scalar(node) { return scalar.found }
        return node.type == .array ? "an array" : "a \(node.type)"
    }
}
