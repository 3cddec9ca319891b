import Foundation
import Testing
import Training

/// The tables of `docs/configuration.md` must equal those generated from the declared keys.
@Suite("Configuration page")
struct ConfigurationPageTests {
    /// If this variable is set, the tables are written instead of compared.
    private static let updates = ProcessInfo.processInfo.environment["RNNTRAIN_UPDATE_SNAPSHOTS"] != nil
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/configuration.md")
        .standardized

    @Test("The page contains every key with its default, its meaning and whether a resumed run may change it")
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
            return "\n## \(theme.rawValue)\n\n| key | meaning | resume |\n|---|---|---|\n" + rows.joined()
        }.joined() + "\n"
    }

    private static func row(_ key: ConfigurationKey) -> String {
        let help = key.help.replacing("|", with: "\\|").replacing("<", with: "&lt;")
        let placeholder = key.placeholder.isEmpty ? "" : " " + key.placeholder.uppercased()
        return "| `\(key.rawValue)\(placeholder)` | \(help) | \(key.mayChangeOnResume ? "free" : "fixed") |\n"
    }
}
