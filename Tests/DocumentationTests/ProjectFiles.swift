import Foundation

/// The files and folders of the repository, for checking the names on a page.
struct ProjectFiles {
    private let paths: [String]

    /// The paths below the folders that pages refer to.
    init(root: URL) {
        paths = ["Sources", "Tests", "launch", "docs"].flatMap { folder in
            let below = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
            return [folder] + (below?.compactMap { ($0 as? String).map { "\(folder)/\($0)" } } ?? [])
        }
    }

    /// The names in the text that must be files or folders of the repository: the first word of each code span that begins with one of the
    /// folders, is the name of a Swift file, or is a relative path of a C file.
    static func names(in text: String) -> [String] {
        text.matches(of: /`([^`\n]+)`/).compactMap { match in
            let word = String(match.1.prefix { $0 != " " })
            let isPath = ["Sources/", "Tests/", "launch/", "docs/"].contains(where: word.hasPrefix)
            let isSource = word.hasSuffix(".swift") || word.wholeMatch(of: /\w+\/.*\.[ch]/) != nil
            return isPath || isSource ? word : nil
        }
    }

    /// Whether a path of the repository is `name` or ends with it. `NAME` and `THEME` in it stand for any text.
    func contain(_ name: String) -> Bool {
        let parts = name.replacing("THEME", with: "NAME").components(separatedBy: "NAME")
        let pattern = parts.map(NSRegularExpression.escapedPattern).joined(separator: "[^/]*")
        return paths.contains { $0.range(of: "(^|/)\(pattern)/?$", options: .regularExpression) != nil }
    }
}
