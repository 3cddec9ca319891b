import Foundation
import TestSupport
import Testing

/// Commands on the pages run and print the output of the page; links lead to existing targets; files that a page names exist.
@Suite("Documentation", .serialized)
struct DocumentationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    private static let pages: [MarkdownPage] = (try? MarkdownPage.all(root: root)) ?? []
    private static let pageNames = pages.map(\.name)
    private static let files = ProjectFiles(root: root)

    private func page(_ name: String) throws -> MarkdownPage {
        try #require(Self.pages.first { $0.name == name })
    }

    @Test("Every code block on the pages has a kind")
    func blocksAreKnown() {
        #expect(Self.pages.count > 10)
        for page in Self.pages {
            for block in page.blocks {
                let known = ["console", "sh", "python", "toml", "text", "json", "swift"].contains(block.language)
                #expect(known, "\(page.name):\(block.line): a block of '\(block.language)'")
            }
        }
    }

    @Test("Commands on the pages run and print the output of the page", arguments: pageNames)
    func commands(name: String) throws {
        let page = try page(name)
        let blocks = page.blocks.filter { ["console", "sh"].contains($0.language) && !isExempt($0) }
        guard !blocks.isEmpty else { return }
        let folder = try PageFolder(root: Self.root)
        for block in blocks {
            if block.language == "sh" {
                let ending = try folder.run("set -e\n" + block.lines.joined(separator: "\n"))
                #expect(ending.status == 0, "\(name):\(block.line): \(ending)")
            } else {
                for exchange in Transcript(lines: block.lines).exchanges {
                    try check(exchange, in: folder, "\(name):\(block.line)")
                }
            }
        }
    }

    private func check(_ exchange: Transcript.Exchange, in folder: PageFolder, _ place: String) throws {
        let ending = try folder.run(exchange.command + (exchange.command.contains("echo $?") ? "" : " 2>&1"))
        var output = ending.output.components(separatedBy: "\n")
        if output.last == "" { output.removeLast() }
        // Other tests kill jobs at the same time.
        output.removeAll { $0.hasPrefix("launch/train: removed ") }
        let mismatch = ExpectedOutput(exchange.expected).mismatch(in: output)
        #expect(
            mismatch == nil, "\(place): `\(exchange.command)` does not print: \(mismatch ?? "")\nIt prints:\n\(ending.output)")
    }

    /// Whether the page gives a reason not to run the block.
    private func isExempt(_ block: MarkdownPage.Block) -> Bool { block.remark?.hasPrefix("not run: ") == true }

    @Test("Configurations on the pages are valid", arguments: pageNames)
    func configurations(name: String) throws {
        for block in try page(name).blocks where block.language == "toml" {
            let folder = try PageFolder(root: Self.root)
            try Data(block.lines.joined(separator: "\n").utf8).write(to: folder.url.appending(path: "page.toml"))
            let ending = try folder.run("rnntrain --config page.toml --print-config")
            #expect(ending.status == 0, "\(name):\(block.line): \(ending)")
        }
    }

    @Test("Python on the pages compiles", arguments: pageNames)
    func python(name: String) throws {
        for block in try page(name).blocks where block.language == "python" {
            let folder = try PageFolder(root: Self.root)
            try Data(block.lines.joined(separator: "\n").utf8).write(to: folder.url.appending(path: "page.py"))
            let ending = try folder.run("command -v python3 >/dev/null || exit 0; python3 -m py_compile page.py")
            #expect(ending.status == 0, "\(name):\(block.line): \(ending)")
        }
    }

    @Test("The Python that passes metrics on to other trackers reads the file of a run")
    func metricsReader() throws {
        let block = try #require(
            page("docs/report.md").blocks.first { $0.language == "python" && $0.lines.contains("def metrics(path):") })
        let folder = try PageFolder(root: Self.root)
        try Data(block.lines.joined(separator: "\n").utf8).write(to: folder.url.appending(path: "metrics.py"))
        let train =
            "rnntrain --text input.txt --run runs/watched --epochs 1 --hidden-size 8 --embedding-size 8 --log-every 2 >/dev/null"
        let ending = try folder.run(
            "command -v python3 >/dev/null || exit 0; \(train) && python3 metrics.py runs/watched/metrics.jsonl && echo read")
        #expect(ending.status == 0, "\(ending)")
        guard !ending.output.isEmpty else { return }  // no Python
        #expect(ending.output.contains("'train/loss': ") && ending.output.contains("'validation/perplexity': "), "\(ending)")
        #expect(ending.output.hasSuffix("read\n"), "\(ending)")
    }

    /// The block of a page that has a text, without lines from another one on.
    private func commands(with text: String, before end: String = "\n", on name: String) throws -> String {
        let block = try #require(page(name).blocks.first { $0.lines.joined(separator: "\n").contains(text) })
        return block.lines.prefix { !$0.hasPrefix(end) }.joined(separator: "\n")
    }

    @Test("words.awk of the page about reading times reads the table of words, and keeps unknown and missing parts")
    func partsOfWords() throws {
        let folder = try PageFolder(root: Self.root)
        let script = try commands(with: "cat > words.awk", before: "LC_ALL", on: "docs/reading-times.md")
        let table = """
            line\tword\ttext\tsurprisal_bits\tunknown\ttokens
            1\t1\t(men)\t10.5\t2\t5
            1\t2\t,\t1.25\t0\t1
            1\t3\tΩ\tNA\t0\t0
            1\t4\t.\t2\t0\t1
            1\t5\tgo\t3\t0\t2
            1\t6\t<eos>\t1\t0\t1
            """
        try Data("(men), Ω. go\n".utf8).write(to: folder.url.appending(path: "items.txt"))
        try Data((table + "\n").utf8).write(to: folder.url.appending(path: "tokens.tsv"))
        let ending = try folder.run("\(script)\nLC_ALL=C awk -f words.awk items.txt tokens.tsv")
        let rows = ["1\t1\t(men),\t11.750000\t2\t6", "1\t2\tΩ.\tNA\t0\t1", "1\t3\tgo\t3.000000\t0\t2"]
        #expect(ending.output.split(separator: "\n").dropFirst().prefix(3).map(String.init) == rows, "\(ending)")
        #expect(ending.status == 0, "\(ending)")
    }

    @Test("The counts of the page about reading times are those of the program's words")
    func countsOfWords() throws {
        let folder = try PageFolder(root: Self.root)
        let text = "it is 10\u{A0}km\u{3000}or 10\tkm\n"
        try Data(text.utf8).write(to: folder.url.appending(path: "train.tokens.txt"))
        let ending = try folder.run(try commands(with: "> counts.tsv", on: "docs/reading-times.md") + "\ncat counts.tsv")
        #expect(ending.output == "10\t2\nis\t1\nit\t1\nkm\t2\nor\t1\n" && ending.status == 0, "\(ending)")
    }

    @Test("The program on the page of the library is the one that tests run")
    func libraryExample() throws {
        let blocks = try page("docs/library.md").blocks.filter { $0.language == "swift" }
        let source = try String(contentsOf: Self.root.appending(path: "Sources/LibraryExample/main.swift"), encoding: .utf8)
        #expect(blocks.count == 2 && blocks.last?.lines.joined(separator: "\n") == String(source.dropLast()), "\(blocks)")
    }

    @Test("Every digest on the pages is compared by a test")
    func digests() {
        for page in Self.pages {
            let compared = page.blocks.filter { $0.language == "console" && !isExempt($0) }.flatMap(\.lines)
            let all = page.text.matches(of: /\b[0-9a-f]{16}\b/).count
            let checked = compared.reduce(0) { $0 + $1.matches(of: /\b[0-9a-f]{16}\b/).count }
            #expect(all == checked, "\(page.name) has \(all) digests, of which tests compare \(checked)")
        }
    }

    @Test("Links lead to existing files and headings")
    func links() {
        for page in Self.pages {
            for link in page.links where !link.contains("://") && !link.hasPrefix("mailto:") {
                #expect(resolves(link, from: page), "\(page.name): the link \(link) leads nowhere")
            }
        }
    }

    @Test("Files of the repository that a page names exist", arguments: pageNames)
    func files(name: String) throws {
        for file in ProjectFiles.names(in: try page(name).text) {
            let exists = Self.files.contain(file)  // outside `#expect`, which would print all paths
            #expect(exists, "\(name): \(file) does not exist")
        }
    }

    private func resolves(_ link: String, from page: MarkdownPage) -> Bool {
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let folder = Self.root.appending(path: page.name).deletingLastPathComponent()
        let target = parts[0].isEmpty ? Self.root.appending(path: page.name) : folder.appending(path: parts[0]).standardized
        guard FileManager.default.fileExists(atPath: target.path) else { return false }
        guard parts.count == 2 else { return true }
        return Self.pages.first { Self.root.appending(path: $0.name).path == target.path }?.anchors.contains(parts[1]) ?? false
    }

    @Test("The README is short")
    func readmeIsShort() throws {
        let readme = try page("README.md")
        let inBlocks = readme.blocks.flatMap(\.lines).reduce(0) { $0 + $1.split(whereSeparator: \.isWhitespace).count }
        #expect(readme.wordCount + inBlocks <= 1500)
    }
}
