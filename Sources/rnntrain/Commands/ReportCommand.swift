import ArgumentParser

/// `rnntrain report`: a page about one or several runs.
struct ReportCommand: ExampledCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write an HTML page about one or several runs: curves, samples, configuration, digests.",
        discussion: """
            The page is one file that needs no network. It shows what metrics.jsonl and config.toml of the runs say; with several runs, \
            the keys in which they differ come first. A job may train in a folder at the same time.
            """)

    static let examples = [
        HelpExample(
            "Write a page about two runs",
            "rnntrain report runs/words runs/first --output report.html"),
        HelpExample(
            "Write the page again while a job trains",
            "rnntrain report runs/words runs/first --output report.html --force"),
    ]

    @Argument(help: ArgumentHelp("Run folders.", valueName: "run"), completion: .file())
    var runs: [String]

    @Option(help: ArgumentHelp("File to write the page to. (required)", valueName: "file"), completion: .file())
    var output: String

    @Flag(help: "Replace the file if it exists. (default: off)")
    var force = false

    func run() throws {
        try runReport(runs, output: output, replacing: force)
    }
}
