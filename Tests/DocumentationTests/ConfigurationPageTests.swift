import Configuration
import Foundation
import Kinds
import Testing

/// The tables of `docs/configuration.md` must equal those generated from the declared keys.
@Suite("Configuration page")
struct ConfigurationPageTests {
    /// If this variable is set, the tables are written instead of compared.
    private static let updates = ProcessInfo.processInfo.environment["RNNTRAIN_UPDATE_SNAPSHOTS"] != nil
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/configuration.md")
        .standardized

    @Test("The page contains every key with its values, its default, its meaning and whether a resumed run may change it")
    func keys() throws {
        let text = try String(contentsOf: Self.page, encoding: .utf8)
        let begin = try #require(text.range(of: #"<!-- begin: keys[^\n]*-->\n"#, options: .regularExpression))
        let end = try #require(text.range(of: "<!-- end: keys -->"))
        if Self.updates {
            let written = text[..<begin.upperBound] + Self.tables + text[end.lowerBound...]
            try Data(written.utf8).write(to: Self.page)
        } else {
            #expect(String(text[begin.upperBound..<end.lowerBound]) == Self.tables)
        }
    }

    private static var tables: String {
        ConfigurationTheme.allCases.map { theme in
            let rows = ConfigurationKey.allCases.filter { $0.theme == theme }.map(row)
            return "\n## \(theme.rawValue)\n\n| key | values | meaning | resume |\n|---|---|---|---|\n" + rows.joined()
                + ConfigurationKey.allCases.filter { $0.theme == theme && !$0.kinds.isEmpty }.map(kinds).joined()
        }.joined() + "\n"
    }

    /// The meaning of each value of a key that chooses a kind.
    private static func kinds(_ key: ConfigurationKey) -> String {
        let rows = key.kinds.map { kind in
            let keys = kind.settings.map { "`\($0.key.rawValue)`" }.joined(separator: ", ")
            return "| `\(kind.name)` | \(cell(kind.summary)) | \(keys) |\n"
        }
        return "\n| `\(key.rawValue)` | meaning | keys |\n|---|---|---|\n" + rows.joined()
    }

    /// A text in a cell of a table. Markdown does not decode entities in code.
    private static func cell(_ text: String) -> String {
        let parts = text.replacing("|", with: "\\|").split(separator: "`", omittingEmptySubsequences: false).enumerated()
        return parts.map { $0.isMultiple(of: 2) ? String($1).replacing("<", with: "&lt;") : String($1) }.joined(separator: "`")
    }

    private static func row(_ key: ConfigurationKey) -> String {
        let placeholder = key.placeholder.isEmpty ? "" : " " + key.placeholder.uppercased()
        let values = key.choices.isEmpty ? key.expectation : key.choices.map { "`\($0)`" }.joined(separator: ", ")
        return
            "| `\(key.rawValue)\(placeholder)` | \(cell(values)) | \(cell(key.help)) | \(key.mayChangeOnResume ? "free" : "fixed") |\n"
    }
}
