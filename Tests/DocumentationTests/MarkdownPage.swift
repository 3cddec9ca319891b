import Foundation

/// A page of the documentation: its fenced blocks, links and headings.
struct MarkdownPage {
    /// A fenced block of code.
    struct Block {
        /// The language after the opening fence: `console`, `sh`, `python`, `toml`, `text`.
        let language: String
        let lines: [String]
        /// The line number of the opening fence, from 1.
        let line: Int
        /// The text of an HTML comment on the line before the fence: `not run: REASON`.
        let remark: String?
    }

    /// The path relative to the repository's root.
    let name: String
    /// The number of words outside fenced blocks and HTML comments.
    private(set) var wordCount = 0
    private(set) var blocks: [Block] = []
    /// The literal targets of links.
    private(set) var links: [String] = []
    /// The anchors of headings as on GitHub: lower case, blanks as hyphens, no punctuation.
    private(set) var anchors: Set<String> = []
    /// The whole text.
    let text: String

    init(name: String, text: String) {
        self.name = name
        self.text = text
        var open: (language: String, line: Int, remark: String?, lines: [String])?
        var remark: String?
        for (index, line) in text.components(separatedBy: "\n").enumerated() {
            if let fence = line.wholeMatch(of: /```(.*)/) {
                if let block = open {
                    blocks.append(Block(language: block.language, lines: block.lines, line: block.line, remark: block.remark))
                    open = nil
                } else {
                    open = (String(fence.1), index + 1, remark, [])
                }
                remark = nil
            } else if open != nil {
                open?.lines.append(line)
            } else {
                remark = line.wholeMatch(of: /<!-- (.*) -->/).map { String($0.1) }
                if remark == nil { takeProse(line) }
            }
        }
        if let open { blocks.append(Block(language: "unclosed", lines: open.lines, line: open.line, remark: open.remark)) }
    }

    private mutating func takeProse(_ line: String) {
        wordCount += line.split(whereSeparator: \.isWhitespace).count
        links += line.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }
        if let heading = line.wholeMatch(of: /#+ (.*)/) {
            let kept = heading.1.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
            anchors.insert(kept.replacingOccurrences(of: " ", with: "-"))
        }
    }

    /// All pages of the repository: the README, CONTRIBUTING and the pages under `docs`.
    static func all(root: URL) throws -> [MarkdownPage] {
        let docs = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "docs").path)
        let names = ["README.md", "CONTRIBUTING.md"] + docs.filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 }
        return try names.map { name in
            MarkdownPage(name: name, text: try String(contentsOf: root.appending(path: name), encoding: .utf8))
        }
    }
}
